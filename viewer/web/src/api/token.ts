/** The access token: taken out of the page's address at once, kept for this tab, never logged. */

const STORED_AS = "boxwright.token";

let token = "";

export function takeTokenFromAddress(): void {
  const address = new URL(window.location.href);
  const given = address.searchParams.get("token");
  if (given) {
    sessionStorage.setItem(STORED_AS, given);
    address.searchParams.delete("token");
    history.replaceState(null, "", address);
  }
  token = given ?? sessionStorage.getItem(STORED_AS) ?? "";
}

export function authorization(): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}
