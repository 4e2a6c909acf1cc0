package dev.likeness.examples.service;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which requests a service on the loopback interface answers: those of programs and pages of this
 * machine, and only complete ones.
 */
final class LocalRequests {
  private static final int THREADS = 32;
  private static final int MAX_CONNECTIONS = 256;
  private static final List<String> HOSTS = List.of("127.0.0.1", "localhost", "[::1]");

  /** What browsers send for an address that the user typed, and for pages of the same origin. */
  private static final Set<String> OWN_SITES = Set.of("none", "same-origin");

  /**
   * The limits of Java's HTTP server, in seconds and connections. It reads them when it is first
   * used, for the whole JVM. It reads a request on a thread of the pool, so without a time limit a
   * few requests that never end would occupy all threads.
   */
  private static final Map<String, Integer> LIMITS = Map.of(
      "sun.net.httpserver.maxReqTime", 5,
      "sun.net.httpserver.maxRspTime", 30,
      "sun.net.httpserver.idleInterval", 10,
      "sun.net.httpserver.maxIdleConnections", 32,
      "jdk.httpserver.maxConnections", MAX_CONNECTIONS);

  private LocalRequests() {}

  /** Returns a server on the loopback interface; the caller starts and stops it. */
  static HttpServer bind(int port) throws IOException {
    LIMITS.forEach((name, value) -> {
      if (System.getProperty(name) == null) {
        System.setProperty(name, value.toString());
      }
    });
    return HttpServer.create(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port), MAX_CONNECTIONS);
  }

  /** Returns the threads of a server. Requests beyond its queue are dropped. */
  static ExecutorService threads() {
    return new ThreadPoolExecutor(
        THREADS,
        THREADS,
        0,
        TimeUnit.SECONDS,
        new LinkedBlockingQueue<>(MAX_CONNECTIONS),
        new ThreadPoolExecutor.DiscardPolicy());
  }

  /**
   * Returns true if a request names this machine as host and does not come from a page of another
   * origin. Browsers send {@code Sec-Fetch-Site} with every request, {@code Origin} with those of
   * scripts, and older ones {@code Referer} with images. Programs such as curl send none of these.
   */
  static boolean isLocal(Headers request, int port) {
    Set<String> hosts = HOSTS.stream().map(name -> name + ":" + port).collect(Collectors.toSet());
    List<String> host = all(request, "Host");
    return host.size() == 1
        && hosts.contains(host.get(0).toLowerCase(Locale.ROOT))
        && OWN_SITES.containsAll(all(request, "Sec-Fetch-Site"))
        && Stream.of("Origin", "Referer")
            .flatMap(name -> all(request, name).stream())
            .allMatch(page -> hosts.stream()
                .map(name -> "http://" + name)
                .anyMatch(own -> page.equals(own) || page.startsWith(own + "/")));
  }

  private static List<String> all(Headers request, String name) {
    return request.getOrDefault(name, List.of());
  }

  /** Tells browsers that no page of another origin may show or keep the answer. */
  static void protect(Headers answer) {
    answer.add("Cross-Origin-Resource-Policy", "same-origin");
    answer.add("X-Content-Type-Options", "nosniff");
    answer.add("Cache-Control", "no-store");
  }
}
