package dev.likeness.examples.service;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.likeness.cli.console.ExitStatus;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.face.FaceDetector;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;

/**
 * Serves headshots over HTTP on the loopback interface: a small example of the studio's queue,
 * without users or encryption. Keeps the last 256 shoots, up to 256 MiB of images, in memory, under
 * random ids. Requests by pages of other origins get 403, also requests for images. A request that
 * is not complete after 5 seconds is cut off; at most 32 requests are read at a time.
 *
 * <pre>
 * POST   /shoots?person=ada&amp;style=studio&amp;count=2&amp;seed=7&amp;steps=20&amp;variant=0&amp;priority=0
 *                                   202 and {"id": …}; at most 16
 *                                   images of 1000 steps; 400 for an invalid request, 429 if the
 *                                   queue is full, 503 if memory or another resource is missing
 * GET    /shoots/ID                 {"state": …, "images": n}, and "error" if it failed; 404 if evicted
 * GET    /shoots/ID/1.png           a finished image, cropped by its style
 * DELETE /shoots/ID                 cancels it
 * </pre>
 */
public final class HeadshotService implements AutoCloseable {
  private static final int MAX_SHOOTS = 256;
  private static final long MAX_BYTES = 256L << 20;
  private static final int MAX_IMAGES = 16;
  private static final int MAX_STEPS = 1000;

  private static final Set<String> PARAMETERS =
      Set.of("person", "style", "count", "seed", "steps", "variant", "priority");

  private final Map<String, LoraPerson> people;
  private final FaceDetector detector;
  private final GenerationQueue queue;
  private final HttpServer server;
  private final ExecutorService threads = LocalRequests.threads();
  private final RecentShoots shoots = new RecentShoots(MAX_SHOOTS, MAX_BYTES);

  private HeadshotService(
      HeadshotStudio studio,
      Map<String, LoraPerson> people,
      GenerationQueue.Options options,
      FaceDetector detector,
      int port)
      throws IOException {
    this.people = Map.copyOf(people);
    this.detector = detector;
    // Binds first: if the port is taken, no worker may have been started.
    server = LocalRequests.bind(port);
    queue = GenerationQueue.on(studio, options);
    server.createContext("/shoots", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  /**
   * Starts a service on the loopback interface.
   *
   * @param detector finds faces for cropping; the caller closes it
   * @param studio the studio that generates; the caller closes its base
   * @param people trained persons by name; the caller closes them
   * @param options the options of the queue
   * @param port the port, or 0 for any free one
   * @return the service; the caller closes it
   * @throws IOException if the port is in use
   */
  public static HeadshotService start(
      HeadshotStudio studio,
      Map<String, LoraPerson> people,
      GenerationQueue.Options options,
      FaceDetector detector,
      int port)
      throws IOException {
    return new HeadshotService(studio, people, options, detector, port);
  }

  /** {@return the port that the service listens on} */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    queue.close();
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      LocalRequests.protect(exchange.getResponseHeaders());
      try {
        if (LocalRequests.isLocal(exchange.getRequestHeaders(), port())) {
          route(exchange);
        } else {
          sendJson(
              exchange,
              403,
              Map.of(
                  "error", "requests must come from this machine; use http://127.0.0.1:" + port()));
        }
      } catch (GenerationQueue.QueueFullException full) {
        exchange.getResponseHeaders().add("Retry-After", "1");
        sendJson(exchange, 429, Map.of("error", full.getMessage()));
      } catch (ResourceLimitException limit) {
        sendJson(exchange, 503, Map.of("error", limit.getMessage()));
      } catch (IllegalArgumentException | InvalidInputException wrong) {
        sendJson(exchange, 400, Map.of("error", wrong.getMessage()));
      }
    }
  }

  private void route(HttpExchange exchange) throws IOException {
    String[] path = exchange.getRequestURI().getPath().split("/");
    String method = exchange.getRequestMethod();
    boolean known = path[1].equals("shoots") && path.length < 5;
    if (known && path.length == 2 && method.equals("POST")) {
      sendJson(exchange, 202, Map.of("id", submit(query(exchange))));
      return;
    }
    GenerationJob<Shoot> job = known && path.length > 2 ? shoots.job(path[2]) : null;
    if (job != null && !method.equals("GET") && !(method.equals("DELETE") && path.length == 3)) {
      exchange.getResponseHeaders().add("Allow", path.length == 3 ? "GET, DELETE" : "GET");
      sendJson(
          exchange,
          405,
          Map.of(
              "error",
              method
                  + " is not supported here; GET shows a shoot or an image, DELETE cancels a"
                  + " shoot"));
    } else if (job == null) {
      sendJson(exchange, 404, Map.of("error", "no such shoot; " + shoots));
    } else if (method.equals("DELETE")) {
      job.cancel(false);
      sendJson(exchange, 200, state(job));
    } else if (path.length == 3) {
      sendJson(exchange, 200, state(job));
    } else {
      sendImage(exchange, job, path[3]);
    }
  }

  private String submit(Map<String, String> query) {
    query.keySet().stream()
        .filter(name -> !PARAMETERS.contains(name))
        .sorted()
        .findFirst()
        .ifPresent(name -> {
          throw new IllegalArgumentException("unknown parameter " + name + "; give "
              + String.join(", ", new TreeSet<>(PARAMETERS)));
        });
    LoraPerson person = people.get(query.getOrDefault("person", ""));
    if (person == null) {
      throw new IllegalArgumentException("there is no person with that name; give person=NAME");
    }
    Style style = Style.named(query.getOrDefault("style", "studio"));
    ShootRequest request = ShootRequest.of(style, positive(MAX_IMAGES, query, "count", 1))
        .seed(number(query, "seed", 0))
        .variant(integer(query, "variant", 0))
        .steps(positive(MAX_STEPS, query, "steps", ShootRequest.STEPS));
    return shoots.add(queue.shoot(
        person,
        request,
        integer(query, "priority", GenerationQueue.DEFAULT_PRIORITY),
        Progress.SILENT));
  }

  private static Map<String, Object> state(GenerationJob<Shoot> job) {
    Map<String, Object> state = new HashMap<>();
    GenerationJob.State now = job.state();
    state.put("state", now.name().toLowerCase(Locale.ROOT));
    state.put("images", now == GenerationJob.State.DONE ? job.join().headshots().size() : 0);
    if (job.lastEvent().orElse(null) instanceof ProgressEvent.Step step) {
      state.put("step", step.step() + " of " + step.steps());
    }
    if (now == GenerationJob.State.FAILED) {
      state.put("error", failure(job));
    }
    return state;
  }

  // Only messages of the library are meant for the client.
  private static String failure(GenerationJob<Shoot> job) {
    try {
      job.join();
      throw new IllegalStateException("the shoot did not fail");
    } catch (InvalidInputException | ResourceLimitException known) {
      return known.getMessage();
    } catch (RuntimeException | Error unknown) {
      return ExitStatus.of(unknown) == ExitStatus.MACHINE
          ? "this machine does not have enough memory"
          : "the program failed: " + unknown.getClass().getSimpleName();
    }
  }

  private void sendImage(HttpExchange exchange, GenerationJob<Shoot> job, String name)
      throws IOException {
    int count = job.state() == GenerationJob.State.DONE ? job.join().headshots().size() : 0;
    if (!name.matches("[1-9][0-9]{0,3}\\.png")
        || Integer.parseInt(name.substring(0, name.length() - 4)) > count) {
      sendJson(exchange, 404, Map.of("error", "there is no such image, or it is not finished"));
      return;
    }
    Headshot whole =
        job.join().headshots().get(Integer.parseInt(name.substring(0, name.length() - 4)) - 1);
    byte[] png = whole.crop(whole.style().crop(), detector).orElse(whole).encodePng();
    exchange.getResponseHeaders().add("Content-Type", "image/png");
    exchange.sendResponseHeaders(200, png.length);
    exchange.getResponseBody().write(png);
  }

  private static void sendJson(HttpExchange exchange, int status, Map<String, ?> content)
      throws IOException {
    byte[] json = JSON.std.asString(content).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, json.length);
    exchange.getResponseBody().write(json);
  }

  private static Map<String, String> query(HttpExchange exchange) {
    Map<String, String> query = new HashMap<>();
    String raw = exchange.getRequestURI().getRawQuery();
    for (String part : raw == null ? new String[0] : raw.split("&")) {
      int equals = part.indexOf('=');
      if (equals > 0) {
        query.put(
            part.substring(0, equals),
            URLDecoder.decode(part.substring(equals + 1), StandardCharsets.UTF_8));
      }
    }
    return query;
  }

  private static int positive(int most, Map<String, String> query, String name, int otherwise) {
    int number = integer(query, name, otherwise);
    if (number < 1 || number > most) {
      throw new IllegalArgumentException(name + " must be 1 to " + most + ", got " + number);
    }
    return number;
  }

  private static int integer(Map<String, String> query, String name, int otherwise) {
    long number = number(query, name, otherwise);
    if (number != (int) number) {
      throw new IllegalArgumentException(name + " " + number + " is too large a number");
    }
    return (int) number;
  }

  private static long number(Map<String, String> query, String name, long otherwise) {
    String text = query.get(name);
    try {
      return text == null ? otherwise : Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + " must be a whole number, got \"" + text + "\"");
    }
  }
}
