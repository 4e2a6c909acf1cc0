package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.provenance.Disclosure;
import dev.likeness.studio.internal.work.AdapterFiles;
import dev.likeness.studio.internal.work.Studio;
import dev.likeness.vault.StoreOptions;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** A studio on a store in a folder, with a client that has its session. */
final class RunningStudio implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  /** The sample photos of the repository. */
  static final Path SAMPLES = Path.of("../examples/photos/person-5000000002");

  /** The name of a LoRA file that the playground offers, if the folder has it at the start. */
  static final String LORA = "some-lora.safetensors";

  final SubjectStore store;
  final Studio studio;
  final StudioServer server;
  private final HttpClient client = HttpClient.newHttpClient();
  private final String token;

  private RunningStudio(SubjectStore store, Studio studio, StudioServer server) {
    this.store = store;
    this.studio = studio;
    this.server = server;
    String query = server.address().getQuery();
    this.token = query == null ? "" : query.substring("token=".length());
  }

  /** Starts a studio without a base, in which every request that needs one is refused. */
  static RunningStudio withoutBase(Path folder) {
    return start(folder, Optional.empty(), Duration.ofSeconds(5), List.of());
  }

  /** Starts a studio on the embedded model, whose trainings have few steps. */
  static RunningStudio onPortrait(Path folder) {
    return on(PortraitModel.files(), folder);
  }

  /** Starts a studio on a base, whose trainings have few steps. */
  static RunningStudio on(Path base, Path folder) {
    return open(base, start(folder, Optional.empty(), Duration.ofMinutes(1), List.of()));
  }

  /** Starts a studio on the embedded model that offers adapters beside that of the model. */
  static RunningStudio withAdapters(Path folder, List<AdapterFiles> adapters) {
    return open(
        PortraitModel.files(),
        start(
            folder,
            Optional.empty(),
            Duration.ofMinutes(1),
            List.of(),
            StoreOptions.defaults(),
            Optional.empty(),
            adapters));
  }

  /** As {@link #withAdapters}, for commercial use. */
  static RunningStudio forSale(Path folder, List<AdapterFiles> adapters) {
    return open(
        PortraitModel.files(),
        start(
            folder,
            Optional.empty(),
            Duration.ofMinutes(1),
            List.of(),
            StoreOptions.defaults(),
            Optional.empty(),
            adapters,
            UsePolicy.COMMERCIAL));
  }

  private static RunningStudio open(Path base, RunningStudio started) {
    started.studio.open(() -> BaseModel.open(base, Compute.of("cpu", "f32")));
    await(() -> "ready".equals(started.studio.base().get("state")), "the base is open");
    return started;
  }

  static RunningStudio start(
      Path folder, Optional<String> password, Duration patience, List<String> hostNames) {
    return start(folder, password, patience, hostNames, StoreOptions.defaults());
  }

  static RunningStudio start(
      Path folder,
      Optional<String> password,
      Duration patience,
      List<String> hostNames,
      StoreOptions options) {
    return start(folder, password, patience, hostNames, options, Optional.empty(), List.of());
  }

  static RunningStudio behindProxy(Path folder, ProxyLogin proxy) {
    return start(
        folder,
        Optional.empty(),
        Duration.ofSeconds(5),
        List.of(),
        StoreOptions.defaults(),
        Optional.of(proxy),
        List.of());
  }

  private static RunningStudio start(
      Path folder,
      Optional<String> password,
      Duration patience,
      List<String> hostNames,
      StoreOptions options,
      Optional<ProxyLogin> proxy,
      List<AdapterFiles> adapters) {
    return start(
        folder, password, patience, hostNames, options, proxy, adapters, UsePolicy.NON_COMMERCIAL);
  }

  private static RunningStudio start(
      Path folder,
      Optional<String> password,
      Duration patience,
      List<String> hostNames,
      StoreOptions options,
      Optional<ProxyLogin> proxy,
      List<AdapterFiles> adapters,
      UsePolicy policy) {
    Path keyFile = folder.resolve("store.key");
    WrappingKey key =
        Files.exists(keyFile) ? WrappingKey.ofFile(keyFile) : WrappingKey.createFile(keyFile);
    SubjectStore store = SubjectStore.open(folder.resolve("store"), key, options);
    Studio studio = new Studio(
        store,
        new Studio.Limits(Long.MAX_VALUE, OptionalInt.of(2), policy),
        Optional.of(RunningStudio::isSample),
        Disclosure.standard(),
        Optional.of(new KnownModels().access()),
        Files.exists(folder.resolve(LORA)) ? List.of(folder.resolve(LORA)) : List.of(),
        adapters);
    StudioServer server = StudioServer.start(
        studio, new Access("127.0.0.1", 0, password, hostNames, proxy), patience);
    return new RunningStudio(store, studio, server);
  }

  /** Returns true for the photos of the repository and for nothing else. */
  private static boolean isSample(byte[] file) {
    return samples().stream().anyMatch(sample -> java.util.Arrays.equals(sample, file));
  }

  static List<byte[]> samples() {
    try (Stream<Path> files = Files.list(SAMPLES)) {
      return files.sorted().map(RunningStudio::read).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** An answer of the server. */
  record Reply(int status, Map<String, Object> json, byte[] body, HttpResponse<byte[]> response) {
    String error() {
      return String.valueOf(json.get("error"));
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
  }

  HttpRequest.Builder own(String path) {
    return request(path).header("Authorization", "Bearer " + token);
  }

  String token() {
    return token;
  }

  Reply send(HttpRequest.Builder request) {
    try {
      HttpResponse<byte[]> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      boolean isJson = response
          .headers()
          .firstValue("Content-Type")
          .filter(type -> type.startsWith("application/json"))
          .isPresent();
      return new Reply(
          response.statusCode(),
          isJson ? JSON.std.mapFrom(response.body()) : Map.of(),
          response.body(),
          response);
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  Reply get(String path) {
    return send(own(path));
  }

  Reply post(String path, Map<String, ?> body) {
    try {
      return send(own(path)
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(JSON.std.asString(body))));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  Reply upload(String path, byte[] file) {
    return send(own(path).POST(HttpRequest.BodyPublishers.ofByteArray(file)));
  }

  /** Adds a person with consent and returns the path of this person. */
  String addPerson(String name) {
    Reply reply = post("/api/people", Map.of("agreed", true, "name", name));
    assertEquals(201, reply.status(), reply::error);
    return "/api/people/" + reply.json().get("id");
  }

  /**
   * Sends text as it is and returns the whole answer, or what came until {@code patience} ended.
   */
  String raw(String text, Duration patience) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout((int) patience.toMillis());
      OutputStream out = socket.getOutputStream();
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
      InputStream in = socket.getInputStream();
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      try {
        in.transferTo(answer);
      } catch (IOException ended) {
        // The answer so far is what the caller looks at.
        return answer.toString(StandardCharsets.UTF_8);
      }
      return answer.toString(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits until a condition holds. */
  static void await(Supplier<Boolean> condition, String what) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.get()) {
      assertTrue(System.nanoTime() < end, () -> "waited too long until " + what);
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
  }

  @Override
  public void close() {
    server.close();
    studio.close();
    store.close();
  }
}
