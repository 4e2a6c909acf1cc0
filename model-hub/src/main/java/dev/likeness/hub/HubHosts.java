package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Set;

/**
 * Which addresses may be asked, and which of them get the token. A site's own hosts get its token
 * over https, or on this machine. Other servers, to which the site sends a client for large files,
 * must be public ones.
 */
final class HubHosts {
  private static final Set<String> HUB = Set.of("huggingface.co", "hf.co");

  private final URI endpoint;
  private final Set<String> own;
  private final String check;

  /** Where an address leads. */
  private enum Reach {
    PUBLIC,
    PRIVATE,
    LOOPBACK
  }

  private HubHosts(URI endpoint, Set<String> own, String check) {
    this.endpoint = endpoint;
    this.own = own;
    this.check = check;
  }

  /** Returns the hosts of a hub: the endpoint, and the public hub. */
  static HubHosts ofHub(URI endpoint) {
    return new HubHosts(endpoint, HUB, "check HF_ENDPOINT");
  }

  /** Returns the hosts of another site: its own server alone. */
  static HubHosts ofSite(URI address) {
    return new HubHosts(address, Set.of(), "check the address");
  }

  /** Returns true if the address is one of the site itself. */
  boolean isOwn(URI address) {
    return sameServer(address, endpoint)
        || address.getScheme().equalsIgnoreCase("https")
            && address.getPort() == -1
            && own.contains(address.getHost().toLowerCase(Locale.ROOT));
  }

  /** Returns what to check if an answer is not one of the site. */
  String check() {
    return check;
  }

  /** Returns {@link #check} and the proxy, which may have changed the answer. */
  String advice() {
    return check + " and your proxy";
  }

  /** Returns true if the address leads to this machine. */
  static boolean isLoopback(URI address) {
    return reach(address) == Reach.LOOPBACK;
  }

  /** Returns true if the token may be sent to the address. */
  boolean mayHaveToken(URI address) {
    return isOwn(address)
        && (address.getScheme().equalsIgnoreCase("https") || reach(address) == Reach.LOOPBACK);
  }

  /**
   * Checks the target of a redirect.
   *
   * @return the target
   * @throws InvalidInputException if it is no address that a site may send a client to
   */
  URI redirect(URI from, String location) {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw refused(from, location, "which is no address");
    }
    String scheme = String.valueOf(to.getScheme()).toLowerCase(Locale.ROOT);
    boolean plain = scheme.equals("http") && endpoint.getScheme().equalsIgnoreCase("http");
    if (!scheme.equals("https") && !plain) {
      throw refused(from, location, "which is not an https address");
    }
    if (to.getHost() == null || to.getRawUserInfo() != null) {
      throw refused(from, location, "which does not name a server alone");
    }
    Reach reach = reach(to);
    if (!isOwn(to) && reach != Reach.PUBLIC && reach != reach(endpoint)) {
      throw refused(from, location, "which is inside of your own network");
    }
    return to;
  }

  private InvalidInputException refused(URI from, String location, String why) {
    // A signed address is a secret of its own: the query is not repeated.
    return new InvalidInputException(from.getHost() + " redirects to "
        + Quoted.of(location.replaceFirst("(?s)[?#].*", "")) + ", " + why
        + "; nothing was sent there: " + advice());
  }

  private static boolean sameServer(URI one, URI other) {
    return one.getScheme().equalsIgnoreCase(other.getScheme())
        && one.getHost().equalsIgnoreCase(other.getHost())
        && port(one) == port(other);
  }

  private static int port(URI address) {
    return address.getPort() != -1
        ? address.getPort()
        : address.getScheme().equalsIgnoreCase("https") ? 443 : 80;
  }

  private static Reach reach(URI address) {
    InetAddress[] all;
    try {
      all = InetAddress.getAllByName(address.getHost());
    } catch (UnknownHostException e) {
      // Behind a proxy, this machine may know no names; the proxy then decides.
      return Reach.PUBLIC;
    }
    Reach widest = Reach.PUBLIC;
    for (InetAddress one : all) {
      Reach reach = reach(one);
      widest = reach.compareTo(widest) > 0 ? reach : widest;
    }
    return widest;
  }

  private static Reach reach(InetAddress address) {
    byte[] bytes = address.getAddress();
    boolean local = address.isSiteLocalAddress()
        || address.isLinkLocalAddress()
        || address.isAnyLocalAddress()
        || address.isMulticastAddress()
        // Unique local addresses (RFC 4193), and addresses of a provider's network (RFC 6598).
        || address instanceof Inet6Address && (bytes[0] & 0xfe) == 0xfc
        || bytes.length == 4 && bytes[0] == 100 && (bytes[1] & 0xc0) == 64
        || bytes.length == 4 && bytes[0] == 0;
    return address.isLoopbackAddress() ? Reach.LOOPBACK : local ? Reach.PRIVATE : Reach.PUBLIC;
  }
}
