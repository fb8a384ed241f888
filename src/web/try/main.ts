import { startGuest } from './guest';
import { startOperator } from './operator';

/** `/try#token=…`: out of the address bar at once, where it could be copied, bookmarked or looked at. */
function tokenFromAddress(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? undefined;
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

startOperator(tokenFromAddress());
startGuest();
