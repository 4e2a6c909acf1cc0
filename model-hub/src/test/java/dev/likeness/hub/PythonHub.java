package dev.likeness.hub;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * The hub of {@code tools/hub/serve.py}, in a process of its own for all tests of a class. Its code
 * is written apart from the library's and from {@link LocalHub}'s: it computes digests itself.
 */
final class PythonHub extends TestHub {
  static final String PYTHON = System.getenv().getOrDefault("LIKENESS_PYTHON", "python3");
  static final Path SERVER = Path.of("").toAbsolutePath().getParent().resolve("tools/hub/serve.py");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Path folder;
  private final Process process;
  private final URI address;
  private final URI control;

  private PythonHub(Path folder, Process process) throws IOException {
    this.folder = folder;
    this.process = process;
    BufferedReader out = process.inputReader();
    address = URI.create(out.readLine());
    control = URI.create(out.readLine());
  }

  /** Starts the process; skips the tests if there is no Python for it. */
  static PythonHub start(Path folder) throws IOException, InterruptedException {
    assumePython();
    return new PythonHub(
        folder,
        new ProcessBuilder(
                PYTHON, SERVER.toString(), folder.toString(), "--token", TOKEN, "--control")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Skips the tests if there is no Python for the server. */
  static void assumePython() throws InterruptedException {
    boolean there;
    try {
      Process version = new ProcessBuilder(
              PYTHON, "-c", "import sys; assert sys.version_info >= (3, 9)")
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
      there = version.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) && version.exitValue() == 0;
    } catch (IOException e) {
      there = false;
    }
    assumeTrue(there, "needs Python 3.9; set LIKENESS_PYTHON");
  }

  /** Forgets repositories, answers and requests, and returns this hub for the next test. */
  PythonHub empty() {
    repositories().clear();
    post("/reset", Map.of());
    return this;
  }

  @Override
  public URI address() {
    return address;
  }

  @Override
  String storageAddress() {
    return (String) post("/state", Map.of()).get("storage");
  }

  @Override
  void pageSize(int entries) {
    post("/page", Map.of("entries", entries));
  }

  @Override
  void next(String server, String path, Scripted... given) {
    post(
        "/answers",
        Map.of(
            "server",
            server,
            "path",
            path,
            "answers",
            Arrays.stream(given).map(Scripted::toJson).toList()));
  }

  @Override
  public List<Request> requests() {
    return ((List<?>) post("/state", Map.of()).get("requests"))
        .stream().map(each -> request((Map<?, ?>) each)).toList();
  }

  private static Request request(Map<?, ?> told) {
    return new Request(
        (String) told.get("server"),
        (String) told.get("method"),
        (String) told.get("path"),
        (String) told.get("range"),
        (String) told.get("token"));
  }

  @Override
  void publish(Repository repository) {
    Map<String, Boolean> files = new TreeMap<>();
    repository.files.forEach((path, file) -> {
      write(folder.resolve(repository.name).resolve(path), file.bytes());
      files.put(path, file.large());
    });
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("name", repository.name);
    told.put("files", files);
    told.put("gated", repository.gated);
    told.put("hidden", repository.hidden);
    told.put("licence", repository.licence);
    told.put("commit", repository.commit);
    told.put("revisions", REVISIONS);
    told.put("xet", repository.xetHashes);
    post("/repository", told);
  }

  private static void write(Path file, byte[] bytes) {
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Map<String, Object> post(String path, Map<String, ?> told) {
    try {
      String answer = client
          .send(
              HttpRequest.newBuilder(control.resolve(path))
                  .timeout(PATIENCE)
                  .POST(BodyPublishers.ofString(
                      JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(told)))
                  .build(),
              BodyHandlers.ofString())
          .body();
      return JSON.std.mapFrom(answer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Does nothing: the process goes on for the next test of its class. */
  @Override
  public void close() {}

  /** Ends the process. */
  void stop() {
    process.destroy();
  }
}
