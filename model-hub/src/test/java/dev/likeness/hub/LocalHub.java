package dev.likeness.hub;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A hub in this process. Beside {@link Scripted}, a test can answer requests with code of its own.
 */
public final class LocalHub extends TestHub {
  /** Answers one request in another way. */
  @FunctionalInterface
  interface Answer {
    void give(HttpExchange exchange, Stored file) throws IOException;
  }

  private static final Pattern API =
      Pattern.compile("/api/models/([^/]+/[^/]+)/(revision|tree)/([^?]+)");
  private static final Pattern RESOLVE = Pattern.compile("/([^/]+/[^/]+)/resolve/([^/]+)/(.+)");
  private static final Pattern SIGNED = Pattern.compile("/blob/([0-9a-f]+)");
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private final HttpServer hub;
  private final HttpServer storage;
  private final ExecutorService threads = Executors.newCachedThreadPool(work -> {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    return thread;
  });
  private final Map<String, Stored> pages = new ConcurrentHashMap<>();
  private final Map<String, Deque<Answer>> answers = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private int pageSize = 1000;

  /** Starts both servers. */
  public LocalHub() {
    try {
      InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      hub = HttpServer.create(any, 100);
      storage = HttpServer.create(any, 100);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    hub.createContext("/", exchange -> serve("hub", exchange));
    storage.createContext("/", exchange -> serve("storage", exchange));
    hub.setExecutor(threads);
    storage.setExecutor(threads);
    hub.start();
    storage.start();
  }

  @Override
  public URI address() {
    return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
  }

  @Override
  String storageAddress() {
    return "http://127.0.0.1:" + storage.getAddress().getPort();
  }

  @Override
  void pageSize(int entries) {
    pageSize = entries;
  }

  @Override
  void next(String server, String path, Scripted... given) {
    next(server, path, (Answer[]) given);
  }

  /** Says how the next requests for a path are answered; {@code server} is hub or storage. */
  void next(String server, String path, Answer... given) {
    Deque<Answer> deque = answers.computeIfAbsent(server + " " + path, key -> new ArrayDeque<>());
    synchronized (deque) {
      deque.addAll(List.of(given));
    }
  }

  /**
   * Sends a file 100 kB each 10 ms for the next requests, so that a test can end the download in
   * the middle.
   *
   * @param path the repository, a colon and the file
   */
  public void slow(String path, int requests) {
    for (int i = 0; i < requests; i++) {
      next("storage", path, LocalHub::slowly);
    }
  }

  private static void slowly(HttpExchange exchange, Stored file) throws IOException {
    Range range = Range.of(exchange, file);
    range.headers(exchange, file);
    exchange.sendResponseHeaders(range.status(), range.length());
    try (OutputStream out = exchange.getResponseBody()) {
      for (int at = 0; at < range.length(); at += 100_000) {
        out.write(file.bytes(), range.from() + at, Math.min(100_000, range.length() - at));
        out.flush();
        Thread.sleep(10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  @Override
  void publish(Repository repository) {
    // Its files are read when they are asked for.
  }

  private void serve(String server, HttpExchange exchange) {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      requests.add(new Request(
          server,
          exchange.getRequestMethod(),
          path,
          exchange.getRequestHeaders().getFirst("Range"),
          exchange.getRequestHeaders().getFirst("Authorization")));
      Stored file = file(path);
      Deque<Answer> scripted = answers.get(server + " " + name(path));
      Answer answer = null;
      if (scripted != null) {
        synchronized (scripted) {
          answer = scripted.poll();
        }
      }
      if (answer != null) {
        answer.give(exchange, file);
      } else if (server.equals("storage")) {
        content(exchange, file);
      } else {
        hub(exchange);
      }
    } catch (IOException e) {
      // The client went away.
    } catch (RuntimeException e) {
      e.printStackTrace();
      throw e;
    }
  }

  /** The path of a request without its commit, so that tests can name it. */
  private String name(String path) {
    Matcher resolve = RESOLVE.matcher(path);
    if (resolve.matches()) {
      return resolve.group(1) + ":" + decoded(resolve.group(3));
    }
    Matcher signed = SIGNED.matcher(path);
    if (signed.matches()) {
      for (Repository repository : repositories().values()) {
        for (Map.Entry<String, Stored> file : repository.files.entrySet()) {
          if (file.getValue().etag().equals(signed.group(1))) {
            return repository.name + ":" + file.getKey();
          }
        }
      }
    }
    Matcher api = API.matcher(path);
    return api.matches() ? api.group(1) + " " + api.group(2) : path;
  }

  private Stored file(String path) {
    Matcher resolve = RESOLVE.matcher(path);
    if (resolve.matches() && repositories().containsKey(resolve.group(1))) {
      return repositories().get(resolve.group(1)).files.get(decoded(resolve.group(3)));
    }
    Matcher signed = SIGNED.matcher(path);
    return signed.matches()
        ? repositories().values().stream()
            .flatMap(repository -> repository.files.values().stream())
            .filter(file -> file.etag().equals(signed.group(1)))
            .findFirst()
            .orElse(null)
        : null;
  }

  /** Answers each request for a path with the same bytes, as a server of files does. */
  public void page(String path, byte[] bytes) {
    pages.put(path, new Stored(bytes, true));
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private void hub(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (pages.containsKey(path)) {
      content(exchange, pages.get(path));
      return;
    }
    Matcher api = API.matcher(path);
    if (api.matches()) {
      api(exchange, api);
      return;
    }
    Matcher resolve = RESOLVE.matcher(path);
    if (resolve.matches()) {
      resolve(exchange, resolve);
      return;
    }
    error(exchange, 404, null);
  }

  private boolean refuses(HttpExchange exchange, String name, String revision, boolean content)
      throws IOException {
    Repository found = repositories().get(name);
    boolean known =
        ("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"));
    if (found == null || found.hidden && !known) {
      error(exchange, known ? 404 : 401, "RepoNotFound");
    } else if (!REVISIONS.contains(revision) && !found.commit.equals(revision)) {
      error(exchange, 404, "RevisionNotFound");
    } else if (content && !Boolean.FALSE.equals(found.gated) && !known) {
      error(
          exchange,
          exchange.getRequestHeaders().containsKey("Authorization") ? 403 : 401,
          "GatedRepo");
    } else {
      return false;
    }
    return true;
  }

  private void api(HttpExchange exchange, Matcher api) throws IOException {
    if (refuses(exchange, api.group(1), decoded(api.group(3)), false)) {
      return;
    }
    Repository repository = repositories().get(api.group(1));
    if (api.group(2).equals("revision")) {
      Map<String, Object> info = new LinkedHashMap<>();
      info.put("_id", "1");
      info.put("id", repository.name);
      info.put("modelId", repository.name);
      info.put("sha", repository.commit);
      info.put("private", false);
      info.put("gated", repository.gated);
      info.put("tags", List.of());
      info.put("downloads", 0);
      info.put("likes", 0);
      Map<String, Object> card = new LinkedHashMap<>();
      card.put("license", repository.licence);
      info.put("cardData", card);
      info.put(
          "siblings",
          repository.files.keySet().stream()
              .map(name -> Map.of("rfilename", name))
              .toList());
      json(exchange, info);
      return;
    }
    List<Map<String, Object>> entries = new ArrayList<>();
    repository.files.forEach((name, file) -> {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("type", "file");
      entry.put(
          "oid",
          file.large()
              ? new Stored(("pointer " + file.etag()).getBytes(), false).etag()
              : file.etag());
      entry.put("size", file.bytes().length);
      entry.put("path", name);
      if (file.large()) {
        entry.put(
            "lfs", Map.of("oid", file.etag(), "size", file.bytes().length, "pointerSize", 134));
      }
      if (repository.xetHashes.containsKey(name)) {
        entry.put("xetHash", repository.xetHashes.get(name));
      }
      entries.add(entry);
    });
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    Matcher cursor = Pattern.compile("cursor=(\\d+)").matcher(query);
    int from = cursor.find() ? Integer.parseInt(cursor.group(1)) : 0;
    int to = Math.min(entries.size(), from + pageSize);
    if (to < entries.size()) {
      exchange
          .getResponseHeaders()
          .set(
              "Link",
              "<" + address() + exchange.getRequestURI().getPath() + "?recursive=true&cursor=" + to
                  + ">; rel=\"next\"");
    }
    json(exchange, entries.subList(from, to));
  }

  private void resolve(HttpExchange exchange, Matcher resolve) throws IOException {
    if (refuses(exchange, resolve.group(1), decoded(resolve.group(2)), true)) {
      return;
    }
    Repository repository = repositories().get(resolve.group(1));
    Stored file = repository.files.get(decoded(resolve.group(3)));
    exchange.getResponseHeaders().set("X-Repo-Commit", repository.commit);
    if (file == null) {
      error(exchange, 404, "EntryNotFound");
      return;
    }
    if (!file.large()) {
      exchange.getResponseHeaders().set("ETag", "\"" + file.etag() + "\"");
      content(exchange, file);
      return;
    }
    exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + file.etag() + "\"");
    exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(file.bytes().length));
    redirect(exchange, storageAddress() + "/blob/" + file.etag() + "?signature=hidden");
  }

  /** The bytes of a file, or the range that is asked for. */
  static void content(HttpExchange exchange, Stored file) throws IOException {
    if (file == null) {
      error(exchange, 404, null);
      return;
    }
    Range range = Range.of(exchange, file);
    if (range == null) {
      exchange.sendResponseHeaders(416, -1);
      return;
    }
    range.headers(exchange, file);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(range.length()));
      exchange.sendResponseHeaders(range.status(), -1);
      return;
    }
    exchange.sendResponseHeaders(range.status(), range.length() == 0 ? -1 : range.length());
    if (range.length() > 0) {
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(file.bytes(), range.from(), range.length());
      }
    }
  }

  /** A range of a file. */
  record Range(int status, int from, int length) {
    static Range of(HttpExchange exchange, Stored file) {
      String header = exchange.getRequestHeaders().getFirst("Range");
      if (header == null) {
        return new Range(200, 0, file.bytes().length);
      }
      Matcher range = RANGE.matcher(header);
      if (!range.matches()) {
        return null;
      }
      int from = Integer.parseInt(range.group(1));
      int last = range.group(2).isEmpty()
          ? file.bytes().length - 1
          : Math.min(file.bytes().length - 1, Integer.parseInt(range.group(2)));
      return from > last ? null : new Range(206, from, last - from + 1);
    }

    void headers(HttpExchange exchange, Stored file) {
      exchange.getResponseHeaders().set("Accept-Ranges", "bytes");
      if (status == 206) {
        exchange
            .getResponseHeaders()
            .set(
                "Content-Range",
                "bytes " + from + "-" + (from + length - 1) + "/" + file.bytes().length);
      }
    }
  }

  static void error(HttpExchange exchange, int status, String code) throws IOException {
    if (code != null) {
      exchange.getResponseHeaders().set("X-Error-Code", code);
      exchange.getResponseHeaders().set("X-Error-Message", "Access is refused");
    }
    exchange.sendResponseHeaders(status, -1);
  }

  static void redirect(HttpExchange exchange, String location) throws IOException {
    exchange.getResponseHeaders().set("Location", location);
    exchange.sendResponseHeaders(302, -1);
  }

  static void json(HttpExchange exchange, Object value) throws IOException {
    byte[] body = JSON.std
        .with(JSON.Feature.WRITE_NULL_PROPERTIES)
        .asString(value)
        .getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  @Override
  public void close() {
    hub.stop(0);
    storage.stop(0);
    threads.shutdownNow();
  }
}
