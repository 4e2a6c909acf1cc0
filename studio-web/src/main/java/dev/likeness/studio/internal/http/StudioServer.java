package dev.likeness.studio.internal.http;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.studio.internal.work.Studio;
import dev.likeness.studio.internal.work.UnknownResourceException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.UrlEncoded;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.Scheduler;

/** The HTTP server of the studio: the page, and the routes of {@link Routes}. */
public final class StudioServer implements AutoCloseable {
  private static final int MAX_THREADS = 48;
  private static final int MAX_CONNECTIONS = 512;
  private static final int MAX_HEADER = 8 << 10;
  private static final long IDLE_MILLIS = 30_000;
  private static final long BEAT_SECONDS = 5;
  private static final int MAX_FORM = 1 << 10;
  private static final int MAX_LOGINS = 2;

  private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self';"
      + " img-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none';"
      + " frame-ancestors 'none'";

  private final Server server;
  private final EventStreams events = new EventStreams();
  private final Gate gate;
  private final Semaphore logins = new Semaphore(MAX_LOGINS);
  private final List<Route> routes;
  private final Duration patience;
  private final String address;

  private StudioServer(Studio studio, Access access, Duration patience) {
    this.gate = new Gate(access.password(), access.hostNames(), access.proxy());
    this.routes = new Routes(studio, events).table();
    this.patience = patience;
    this.address = access.address();
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, 4);
    threads.setName("likeness-studio-http");
    threads.setDaemon(true);
    this.server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(MAX_HEADER);
    ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setHost(access.address());
    connector.setPort(access.port());
    connector.setIdleTimeout(IDLE_MILLIS);
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
    server.setHandler(new Handler.Abstract() {
      @Override
      public boolean handle(Request request, Response response, Callback callback) {
        answer(request, response, callback);
        return true;
      }
    });
    server.setErrorHandler((request, response, callback) -> {
      answerDefect(response, callback);
      return true;
    });
    studio.listen(events::publish);
  }

  /** Starts a server that gives bodies of requests a minute, besides the time for their length. */
  public static StudioServer start(Studio studio, Access access) {
    return start(studio, access, Duration.ofMinutes(1));
  }

  static StudioServer start(Studio studio, Access access, Duration patience) {
    StudioServer server = new StudioServer(studio, access, patience);
    try {
      server.server.start();
    } catch (Exception e) {
      server.close();
      throw new ResourceLimitException(
          "the studio cannot listen on " + access.address() + ", port " + access.port() + ": "
              + e.getMessage() + "; choose another port, or end the program that uses it",
          e);
    }
    server.beat();
    return server;
  }

  private void beat() {
    Scheduler clock = server.getScheduler();
    clock.schedule(
        () -> {
          events.beat();
          if (server.isRunning()) {
            beat();
          }
        },
        BEAT_SECONDS,
        java.util.concurrent.TimeUnit.SECONDS);
  }

  /** Returns the address to open, with the token unless there is a password. */
  public URI address() {
    String host = address.equals("0.0.0.0") || address.equals("::")
        ? "127.0.0.1"
        : address.contains(":") ? "[" + address + "]" : address;
    return URI.create("http://" + host + ":" + port() + "/"
        + gate.token().map(token -> "?token=" + token).orElse(""));
  }

  int port() {
    return ((ServerConnector) server.getConnectors()[0]).getLocalPort();
  }

  int openStreams() {
    return events.count();
  }

  private void answer(Request request, Response response, Callback callback) {
    protect(response.getHeaders());
    Exchange plain = new Exchange(request, response, callback, Map.of(), patience);
    try {
      gate.requireOwnSite(request);
      String path = Request.getPathInContext(request);
      if (path.startsWith("/api/")) {
        gate.requireSession(request);
        answerApi(path, request, response, callback);
      } else {
        answerPage(path, plain);
      }
    } catch (RuntimeException | Error e) {
      fail(plain, e);
    }
  }

  private static void protect(HttpFields.Mutable headers) {
    headers.put("Content-Security-Policy", POLICY);
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("X-Frame-Options", "DENY");
    headers.put("Referrer-Policy", "no-referrer");
    headers.put("Cross-Origin-Opener-Policy", "same-origin");
    headers.put("Cross-Origin-Resource-Policy", "same-origin");
    // Photos and headshots stay out of the browser's cache on disk.
    headers.put(HttpHeader.CACHE_CONTROL, "no-store");
  }

  private void answerApi(String path, Request request, Response response, Callback callback) {
    String method = request.getMethod().equals("HEAD") ? "GET" : request.getMethod();
    boolean isKnown = false;
    for (Route route : routes) {
      Optional<Map<String, String>> variables = route.match(path);
      if (variables.isPresent() && route.method().equals(method)) {
        route
            .handler()
            .handle(new Exchange(request, response, callback, variables.get(), patience));
        return;
      }
      isKnown |= variables.isPresent();
    }
    throw isKnown
        ? new HttpFailure(
            HttpFailure.METHOD_NOT_ALLOWED,
            "this address does not have this method; /api/openapi.json lists all")
        : new HttpFailure(
            HttpFailure.NOT_FOUND, "there is no such address; /api/openapi.json lists all");
  }

  private void answerPage(String path, Exchange http) {
    if (path.equals("/login") && gate.hasPassword()) {
      logIn(http);
      return;
    }
    if (!http.request().getMethod().matches("GET|HEAD")) {
      throw new HttpFailure(HttpFailure.METHOD_NOT_ALLOWED, "pages can only be read");
    }
    if (path.startsWith("/page/")) {
      send(http, path.substring("/page/".length()), 200);
    } else if (!path.equals("/")) {
      throw new HttpFailure(HttpFailure.NOT_FOUND, "there is no such page; open /");
    } else if (gate.isToken(http.query("token"))) {
      redirect(http, true);
    } else if (gate.hasSession(http.request())) {
      send(http, "index.html", 200);
    } else {
      send(http, gate.hasPassword() ? "login.html" : "enter.html", HttpFailure.UNAUTHORIZED);
    }
  }

  private static void send(Exchange http, String name, int status) {
    Page.File file = Page.find(name)
        .orElseThrow(() -> new HttpFailure(HttpFailure.NOT_FOUND, "there is no such page; open /"));
    http.send(status, file.type(), file.content());
  }

  private void logIn(Exchange http) {
    if (!http.request().getMethod().equals("POST")) {
      redirect(http, false);
      return;
    }
    // Whoever has no session yet cannot keep more threads waiting than these.
    if (!logins.tryAcquire()) {
      throw new HttpFailure(
          HttpFailure.TOO_MANY, "too many attempts; wait a second and enter the password again");
    }
    byte[] body;
    try {
      body = http.body(MAX_FORM);
    } finally {
      logins.release();
    }
    Fields form = new Fields();
    UrlEncoded.decodeTo(
        new String(body, StandardCharsets.UTF_8), form::add, StandardCharsets.UTF_8);
    String given = form.getValue("password");
    redirect(http, given != null && gate.isPassword(given));
  }

  /** Sends the browser to the page, without the token in its address. */
  private void redirect(Exchange http, boolean withSession) {
    HttpFields.Mutable headers = http.response().getHeaders();
    if (withSession) {
      headers.put(HttpHeader.SET_COOKIE, gate.cookie());
    }
    headers.put(HttpHeader.LOCATION, "/");
    http.send(303, "text/plain", new byte[0]);
  }

  private static void fail(Exchange http, Throwable cause) {
    if (http.response().isCommitted()) {
      http.callback().failed(cause);
      return;
    }
    if (cause instanceof HttpFailure failure) {
      http.fail(failure.status(), failure.getMessage());
    } else if (cause instanceof UnknownResourceException) {
      http.fail(HttpFailure.NOT_FOUND, cause.getMessage());
    } else if (cause instanceof InvalidInputException) {
      http.fail(HttpFailure.UNPROCESSABLE, cause.getMessage());
    } else if (cause instanceof GenerationQueue.QueueFullException) {
      http.fail(HttpFailure.TOO_MANY, cause.getMessage());
    } else if (cause instanceof LikenessException) {
      http.fail(HttpFailure.UNAVAILABLE, cause.getMessage());
    } else if (cause instanceof IllegalArgumentException) {
      http.fail(HttpFailure.BAD_REQUEST, cause.getMessage());
    } else if (cause instanceof IllegalStateException) {
      http.fail(HttpFailure.CONFLICT, cause.getMessage());
    } else {
      http.fail(
          HttpFailure.DEFECT,
          "an unexpected failure (" + cause.getClass().getSimpleName()
              + "); try again, and report it if it stays");
    }
  }

  /** Answers what is no valid HTTP, or too large for it, before a route is looked for. */
  private static void answerDefect(Response response, Callback callback) {
    protect(response.getHeaders());
    byte[] body = Exchange.failure(defect(response.getStatus()));
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Exchange.JSON_TYPE);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    response.write(true, java.nio.ByteBuffer.wrap(body), callback);
  }

  private static String defect(int status) {
    return switch (status) {
      case HttpFailure.LONG_ADDRESS ->
        "the address is longer than " + MAX_HEADER
            + " bytes, which is the limit; shorten its query, or send the values in the body";
      case HttpFailure.LARGE_HEADERS ->
        "the headers have more than " + MAX_HEADER
            + " bytes, which is the limit; delete the cookies of this address in the browser, or"
            + " send fewer headers";
      case HttpFailure.DEFECT -> "an unexpected failure; try again, and report it if it stays";
      default ->
        "the request is not valid HTTP for the studio (status " + status
            + "); correct the program that sent it";
    };
  }

  @Override
  public void close() {
    events.close();
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the studio's server does not stop: " + e.getMessage(), e);
    }
  }
}
