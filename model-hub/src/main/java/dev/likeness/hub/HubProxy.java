package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The proxy of {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY} and {@code NO_PROXY}, in
 * capital or small letters; the JDK reads none of them. Servers on this machine need no proxy.
 */
final class HubProxy extends ProxySelector {
  private final Map<String, String> environment;

  HubProxy(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public List<Proxy> select(URI address) {
    Optional<URI> proxy = isExcepted(address.getHost()) ? Optional.empty() : proxy(address);
    return List.of(proxy
        .map(found -> new Proxy(
            Proxy.Type.HTTP, new InetSocketAddress(found.getHost(), Math.max(found.getPort(), 0))))
        .orElse(Proxy.NO_PROXY));
  }

  @Override
  public void connectFailed(URI address, SocketAddress proxy, IOException e) {
    // The request fails with the same exception.
  }

  /**
   * Returns the header {@code Proxy-Authorization} for an address; empty if its proxy has no name
   * and password. A JDK client with an authenticator would drop the hub's own header
   * {@code Authorization}. In tunnels the JDK sends this one only if
   * {@code jdk.http.auth.tunneling.disabledSchemes} is empty, and never to the server behind it.
   */
  Optional<String> authorization(URI address) {
    return isExcepted(address.getHost())
        ? Optional.empty()
        : proxy(address)
            .map(URI::getUserInfo)
            .map(pair -> "Basic "
                + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
  }

  private Optional<URI> proxy(URI address) {
    return value(address.getScheme().toLowerCase(Locale.ROOT) + "_proxy")
        .or(() -> value("all_proxy"));
  }

  private Optional<URI> value(String name) {
    String text = text(name);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    String whole = text.contains("://") ? text : "http://" + text;
    try {
      URI proxy = URI.create(whole);
      if (proxy.getHost() != null && "http".equalsIgnoreCase(proxy.getScheme())) {
        return Optional.of(
            proxy.getPort() != -1
                ? proxy
                : URI.create(whole.replaceFirst("(://[^/]*?)/*$", "$1:80")));
      }
    } catch (IllegalArgumentException e) {
      // Told below, without the address, which may hold a password.
    }
    throw new InvalidInputException(name.toUpperCase(Locale.ROOT)
        + " is not the address of a proxy that can be used; expected http://host:port");
  }

  private String text(String name) {
    String small = environment.get(name);
    String value = small != null ? small : environment.get(name.toUpperCase(Locale.ROOT));
    return value == null ? "" : value.strip();
  }

  private boolean isExcepted(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    if (name.equals("localhost") || name.equals("[::1]") || name.startsWith("127.")) {
      return true;
    }
    return Stream.of(text("no_proxy").split(","))
        .map(entry -> entry.strip().toLowerCase(Locale.ROOT).replaceFirst(":\\d+$", ""))
        .map(entry -> entry.replaceFirst("^\\*?\\.", ""))
        .filter(entry -> !entry.isEmpty())
        .anyMatch(entry -> entry.equals("*") || name.equals(entry) || name.endsWith("." + entry));
  }
}
