package dev.likeness.studio.internal.http;

import dev.likeness.diffusion.internal.io.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpCookie;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/**
 * Decides whether a request may pass: by host name, by the page that it comes from, and by its
 * session. Thread-safe.
 */
final class Gate {
  static final String COOKIE = "likeness_studio";

  /** An address in digits needs no name service, so DNS rebinding cannot point it elsewhere. */
  private static final Pattern DIGITS =
      Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[0-9a-f:.]{2,45}\\]");

  private static final int SECRET_BYTES = 32;
  private static final String BEARER = "Bearer ";
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Optional<String> password;
  private final List<String> names;
  private final Optional<ProxyLogin> proxy;
  private final String token = secret();
  private final String session = secret();
  private long nextAttempt = System.nanoTime();

  Gate(Optional<String> password, List<String> hostNames, Optional<ProxyLogin> proxy) {
    this.password = password;
    this.proxy = proxy;
    this.names = hostNames.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
  }

  private static String secret() {
    byte[] random = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(random);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
  }

  /** Returns the token of the start address; empty if the page asks for a password instead. */
  Optional<String> token() {
    return hasToken() ? Optional.of(token) : Optional.empty();
  }

  private boolean hasToken() {
    return password.isEmpty() && proxy.isEmpty();
  }

  boolean hasPassword() {
    return password.isPresent();
  }

  /** Refuses a request under a foreign host name, or from a page of another site. */
  void requireOwnSite(Request request) {
    String host = request.getHeaders().get(HttpHeader.HOST);
    if (host == null || !isOwn(host)) {
      throw new HttpFailure(
          HttpFailure.FORBIDDEN,
          "this host name is not one of the studio's; open the address that the studio printed, or"
              + " start the studio with this name");
    }
    String origin = request.getHeaders().get(HttpHeader.ORIGIN);
    String fetched = request.getHeaders().get("Sec-Fetch-Site");
    boolean foreign = origin != null
        && !origin.equalsIgnoreCase("http://" + host)
        && !origin.equalsIgnoreCase("https://" + host);
    boolean entering = request.getMethod().equals("GET")
        && Request.getPathInContext(request).equals("/")
        && "navigate".equals(request.getHeaders().get("Sec-Fetch-Mode"));
    if (foreign || fetched != null && !fetched.matches("same-origin|none") && !entering) {
      throw new HttpFailure(
          HttpFailure.FORBIDDEN, "a page of another site sent this request; it is refused");
    }
  }

  private boolean isOwn(String host) {
    String name = host.toLowerCase(Locale.ROOT).replaceFirst(":[0-9]{1,5}$", "");
    return name.equals("localhost") || DIGITS.matcher(name).matches() || names.contains(name);
  }

  /** Refuses a request without the session's cookie or token. */
  void requireSession(Request request) {
    if (!hasSession(request)) {
      throw new HttpFailure(
          HttpFailure.UNAUTHORIZED,
          password.isPresent()
              ? "enter the password of the studio first"
              : proxy.isPresent()
                  ? "this request did not come through the studio's reverse proxy; open the proxy's"
                      + " address"
                  : "open the address that the studio printed when it was started");
    }
  }

  boolean hasSession(Request request) {
    boolean isProxied = proxy
        .filter(header -> {
          List<String> given = request.getHeaders().getValuesList(header.name());
          return given.size() == 1 && equal(given.get(0), header.secret());
        })
        .isPresent();
    if (isProxied) {
      return true;
    }
    String header = request.getHeaders().get(HttpHeader.AUTHORIZATION);
    if (header != null && header.startsWith(BEARER)) {
      String given = header.substring(BEARER.length());
      return equal(given, session) || hasToken() && equal(given, token);
    }
    for (HttpCookie cookie : Request.getCookies(request)) {
      if (cookie.getName().equals(COOKIE) && equal(cookie.getValue(), session)) {
        return true;
      }
    }
    return false;
  }

  /** Returns true for the token of the start address. */
  boolean isToken(String given) {
    return hasToken() && equal(given, token);
  }

  /** Checks a password; at most one in a second, so that a program cannot try many. */
  synchronized boolean isPassword(String given) {
    long now = System.nanoTime();
    if (now - nextAttempt < 0) {
      throw new HttpFailure(
          HttpFailure.TOO_MANY, "too many attempts; wait a second and enter the password again");
    }
    boolean right = password.filter(word -> equal(word, given)).isPresent();
    if (!right) {
      nextAttempt = now + PAUSE_NANOS;
    }
    return right;
  }

  /** Returns the header that gives a browser the session. */
  String cookie() {
    return COOKIE + "=" + session + "; Path=/; HttpOnly; SameSite=Strict";
  }

  /** Compares secrets in a time that does not depend on them. */
  private static boolean equal(String one, String other) {
    return MessageDigest.isEqual(
        Sha256.of(one.getBytes(StandardCharsets.UTF_8)),
        Sha256.of(other.getBytes(StandardCharsets.UTF_8)));
  }
}
