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
 * Which addresses may be asked, and which of them get the token. The hub's own hosts get the token
 * over https, or on this machine. Other servers, to which the hub sends a client for large files,
 * must be public ones.
 */
final class HubHosts {
  private static final Set<String> HUB = Set.of("huggingface.co", "hf.co");

  private final URI endpoint;

  /** Where an address leads. */
  private enum Reach {
    PUBLIC,
    PRIVATE,
    LOOPBACK
  }

  HubHosts(URI endpoint) {
    this.endpoint = endpoint;
  }

  /** Returns true if the address is one of the hub itself: the endpoint, or the public hub. */
  boolean isHub(URI address) {
    return sameServer(address, endpoint)
        || address.getScheme().equalsIgnoreCase("https")
            && address.getPort() == -1
            && HUB.contains(address.getHost().toLowerCase(Locale.ROOT));
  }

  /** Returns true if the token may be sent to the address. */
  boolean mayHaveToken(URI address) {
    return isHub(address)
        && (address.getScheme().equalsIgnoreCase("https") || reach(address) == Reach.LOOPBACK);
  }

  /**
   * Checks the target of a redirect.
   *
   * @return the target
   * @throws InvalidInputException if it is no address that a hub may send a client to
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
    if (!isHub(to) && reach != Reach.PUBLIC && reach != reach(endpoint)) {
      throw refused(from, location, "which is inside of your own network");
    }
    return to;
  }

  private static InvalidInputException refused(URI from, String location, String why) {
    // A signed address is a secret of its own: the query is not repeated.
    return new InvalidInputException(from.getHost() + " redirects to "
        + Quoted.of(location.replaceFirst("(?s)[?#].*", "")) + ", " + why
        + "; nothing was sent there: check HF_ENDPOINT and your proxy");
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
