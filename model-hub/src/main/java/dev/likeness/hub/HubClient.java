package dev.likeness.hub;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.CurrentWork;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Sends requests to a {@link Site}, a hub or another: follows its redirects by the rules of
 * {@link HubHosts}, gives the token to the site's own hosts alone, and repeats what failed for a
 * reason that passes.
 */
final class HubClient {
  /** The number of attempts without any progress. */
  static final int ATTEMPTS = 5;

  /** The number of attempts to connect where nothing listens: a wrong address does not pass. */
  static final int REFUSED_ATTEMPTS = 2;

  private static final int MOST_REDIRECTS = 8;
  private static final long LARGEST_JSON = 32L << 20;
  private static final int MOST_PAGES = 200;
  private static final long TICK = 50;
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(2);
  private static final JSON LENIENT = JSON.builder(new JsonFactory()).build();

  private final HubSettings settings;
  private final Site site;
  private final HubHosts hosts;
  private final HubProxy proxy;
  private HttpClient client;

  HubClient(HubSettings settings, Site site) {
    this.settings = settings;
    this.site = site;
    this.hosts = site.hosts();
    this.proxy = new HubProxy(settings.environment());
  }

  // A client has threads, and a hub that is asked for its cache needs none.
  private synchronized HttpClient client() {
    if (client == null) {
      client = HttpClient.newBuilder()
          .followRedirects(HttpClient.Redirect.NEVER)
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(settings.patience().answer())
          .proxy(proxy)
          .build();
    }
    return client;
  }

  /**
   * An answer whose body is still to be read.
   *
   * @param address the address that answered, after redirects
   * @param first the headers of the hub's own answer, which redirects replace
   */
  record Answer(HttpResponse<HubBody> response, URI address, Linked first)
      implements AutoCloseable {
    int status() {
      return response.statusCode();
    }

    Optional<String> header(String name) {
      return response.headers().firstValue(name);
    }

    OptionalLong number(String name) {
      return HubClient.number(header(name));
    }

    HubBody body() {
      return response.body();
    }

    @Override
    public void close() {
      response.body().close();
    }
  }

  /**
   * What the hub itself says of a file.
   *
   * @param etag the ETag without quotes
   * @param size the length of the file in bytes
   */
  record Linked(Optional<String> etag, OptionalLong size) {}

  /** A failure that may pass. */
  static final class Passing extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient Optional<Duration> wait;

    Passing(String message, Optional<Duration> wait) {
      super(message);
      this.wait = wait;
    }
  }

  /** Work that asks the hub. */
  @FunctionalInterface
  interface Asking<T> {
    T get() throws IOException;
  }

  /** Counts the attempts of one piece of work. */
  final class Attempts {
    private int failed;

    /** Forgets the attempts, because the last one brought the work forward. */
    void progressed() {
      failed = 0;
    }

    /**
     * Waits before the next attempt.
     *
     * @throws RuntimeException if there were too many, or the failure does not pass
     */
    void after(IOException e, URI address) {
      failed++;
      Optional<Duration> asked = e instanceof Passing passing ? passing.wait : Optional.empty();
      boolean hopeless = HubFailures.isFinal(e)
          || asked.filter(wait -> wait.compareTo(LONGEST_WAIT) > 0).isPresent();
      int most = HubFailures.isRefused(e) ? REFUSED_ATTEMPTS : ATTEMPTS;
      if (failed >= most || hopeless) {
        throw HubFailures.of(e, address.getHost(), failed);
      }
      pause(asked.orElse(settings.patience().backOff().multipliedBy(1L << failed - 1)));
    }
  }

  Attempts attempts() {
    return new Attempts();
  }

  /** Repeats work until it succeeds, fails for good, or failed too often. */
  <T> T repeat(URI address, Asking<T> work) {
    Attempts attempts = new Attempts();
    while (true) {
      try {
        return work.get();
      } catch (IOException e) {
        attempts.after(e, address);
      }
    }
  }

  private static void pause(Duration wait) {
    long until = System.nanoTime() + wait.toNanos();
    while (System.nanoTime() < until) {
      CurrentWork.throwIfCancelled();
      try {
        Thread.sleep(Math.max(1, Math.min(TICK, (until - System.nanoTime()) / 1_000_000)));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    CurrentWork.throwIfCancelled();
  }

  /** Returns the address of a path below the endpoint. */
  URI at(String path) {
    return URI.create(site.endpoint() + path);
  }

  static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Returns the address of a file. */
  URI fileAddress(String repository, String commit, String file) {
    List<String> parts = new ArrayList<>();
    for (String part : file.split("/")) {
      parts.add(encoded(part));
    }
    return at("/" + repository + "/resolve/" + encoded(commit) + "/" + String.join("/", parts));
  }

  /**
   * Asks for a file, or a range of it, and follows redirects.
   *
   * @param subject what is asked for, for messages
   * @param range the value of the header {@code Range}
   * @throws IOException if the connection failed, or the hub is not ready now
   * @throws InvalidInputException if the hub refuses the request
   */
  Answer get(URI start, HubFailures.Subject subject, Optional<String> range) throws IOException {
    URI address = start;
    Linked first = null;
    for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      HttpResponse<HubBody> response = send(address, range);
      boolean moved = response.statusCode() / 100 == 3 && response.statusCode() != 304;
      Answer answer = new Answer(response, address, linked(response, first));
      boolean done = false;
      try {
        if (!moved) {
          check(answer, subject);
          done = true;
          return answer;
        }
        String location = answer
            .header("Location")
            .orElseThrow(() -> new InvalidInputException(
                response.uri().getHost() + " redirects without an address; " + hosts.check()));
        first = first == null || hosts.isOwn(address) ? answer.first() : first;
        address = hosts.redirect(address, location);
      } finally {
        if (!done) {
          answer.close();
        }
      }
    }
    throw new InvalidInputException(
        start.getHost() + " redirects more than " + MOST_REDIRECTS + " times; " + hosts.advice());
  }

  private Linked linked(HttpResponse<HubBody> response, Linked before) {
    if (before != null && !hosts.isOwn(response.uri())) {
      return before;
    }
    Optional<String> etag = response
        .headers()
        .firstValue("X-Linked-Etag")
        .or(() -> before != null && before.etag().isPresent()
            ? before.etag()
            : response.headers().firstValue("ETag"))
        .map(HubClient::etag);
    OptionalLong size = number(response.headers().firstValue("X-Linked-Size"));
    return new Linked(etag, size.isEmpty() && before != null ? before.size() : size);
  }

  /** Returns an ETag without the mark of a weak one and without quotes. */
  static String etag(String header) {
    return header.strip().replaceFirst("^W/", "").replaceAll("^\"|\"$", "");
  }

  static OptionalLong number(Optional<String> text) {
    return text.filter(digits -> digits.matches("\\d{1,18}"))
        .map(digits -> OptionalLong.of(Long.parseLong(digits)))
        .orElse(OptionalLong.empty());
  }

  private HttpResponse<HubBody> send(URI address, Optional<String> range) throws IOException {
    HttpRequest.Builder request = HttpRequest.newBuilder(address)
        .timeout(settings.patience().answer())
        .header("User-Agent", "likeness/0.1")
        .header("Accept-Encoding", "identity")
        .GET();
    proxy.authorization(address).ifPresent(pair -> request.header("Proxy-Authorization", pair));
    range.ifPresent(value -> request.header("Range", value));
    if (hosts.mayHaveToken(address)) {
      site.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    }
    CompletableFuture<HttpResponse<HubBody>> coming = client()
        .sendAsync(request.build(), info -> new HubBody(settings.patience().stall()));
    return received(coming);
  }

  private static HttpResponse<HubBody> received(CompletableFuture<HttpResponse<HubBody>> coming)
      throws IOException {
    boolean here = false;
    try {
      while (true) {
        CurrentWork.throwIfCancelled();
        try {
          HttpResponse<HubBody> response = coming.get(TICK, TimeUnit.MILLISECONDS);
          here = true;
          return response;
        } catch (TimeoutException e) {
          // Nothing yet; the request has its own limit.
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
          here = true;
          if (e.getCause() instanceof IOException io) {
            throw io;
          }
          throw new IOException(String.valueOf(e.getCause().getMessage()), e.getCause());
        }
      }
    } finally {
      if (!here) {
        coming.cancel(true);
      }
    }
  }

  private void check(Answer answer, HubFailures.Subject subject) throws IOException {
    int status = answer.status();
    if (status == 200 || status == 206 || status == 416) {
      String packed = answer.header("Content-Encoding").orElse("identity");
      if (!packed.equalsIgnoreCase("identity")) {
        throw new InvalidInputException(answer.address().getHost() + " sent " + subject
            + " packed as " + Quoted.of(packed)
            + ", though it was asked not to; check your proxy, which may pack what it passes");
      }
      return;
    }
    throw site.refusals().of(answer, subject, hosts.isOwn(answer.address()));
  }

  /**
   * Returns the JSON of an address of the hub.
   *
   * @throws InvalidInputException if the hub refuses, or answers something else
   * @throws ResourceLimitException if the hub cannot be reached
   */
  Page page(URI address, HubFailures.Subject subject) {
    return repeat(address, () -> {
      try (Answer answer = get(address, subject, Optional.empty())) {
        byte[] body = answer.body().bytes(LARGEST_JSON);
        return new Page(
            json(body, answer, subject),
            answer.header("Link").flatMap(link -> next(answer.address(), link)));
      } catch (HubBody.TooLong e) {
        throw new InvalidInputException(
            address.getHost() + " describes " + subject + " in more than " + LARGEST_JSON
                + " bytes, more than any true answer; " + hosts.check(),
            e);
      }
    });
  }

  /**
   * One page of an answer.
   *
   * @param value its JSON
   * @param next the address of the next page
   */
  record Page(Object value, Optional<URI> next) {}

  private Optional<URI> next(URI from, String link) {
    for (String entry : link.split(",(?=\\s*<)")) {
      String text = entry.strip();
      int end = text.indexOf('>');
      if (text.startsWith("<") && end > 0 && text.substring(end).contains("rel=\"next\"")) {
        URI to = hosts.redirect(from, text.substring(1, end));
        if (!hosts.isOwn(to)) {
          throw new InvalidInputException(from.getHost() + " continues its list of files at "
              + to.getHost() + ", which is not the hub; check HF_ENDPOINT");
        }
        return Optional.of(to);
      }
    }
    return Optional.empty();
  }

  /** Returns the entries of a list that may have several pages. */
  List<Object> list(URI address, HubFailures.Subject subject) {
    List<Object> all = new ArrayList<>();
    Optional<URI> at = Optional.of(address);
    for (int pages = 0; at.isPresent(); pages++) {
      if (pages == MOST_PAGES) {
        throw new InvalidInputException(subject + " has more than " + MOST_PAGES
            + " pages of files; give one file as owner/name:file");
      }
      Page page = page(at.get(), subject);
      if (!(page.value() instanceof List<?> entries)) {
        throw site.notSuch(address.getHost(), subject);
      }
      all.addAll(entries);
      at = page.next();
    }
    return all;
  }

  private Object json(byte[] body, Answer answer, HubFailures.Subject subject) throws IOException {
    try {
      return LENIENT.anyFrom(new String(body, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw site.notSuch(answer.address().getHost(), subject);
    }
  }
}
