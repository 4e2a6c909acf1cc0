package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.studio.LikenessStudio;
import dev.likeness.studio.StudioOptions;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A studio on a new store, and calls of its API that prepare what a test of the page needs. */
final class OpenStudio implements AutoCloseable {
  private static final Path SAMPLES = Path.of("../../examples/photos/person-5000000002");

  final SubjectStore store;
  final LikenessStudio studio;
  private final HttpClient client = HttpClient.newHttpClient();

  private OpenStudio(SubjectStore store, LikenessStudio studio) {
    this.store = store;
    this.studio = studio;
  }

  static OpenStudio onPortrait(Path folder) {
    return on(PortraitModel.files(), folder, StudioOptions.defaults());
  }

  /** Starts a studio whose trainings have four steps, unless the options say otherwise. */
  static OpenStudio on(Path base, Path folder, StudioOptions options) {
    SubjectStore store = SubjectStore.open(
        folder.resolve("store"), WrappingKey.createFile(folder.resolve("store.key")));
    LikenessStudio studio = LikenessStudio.start(
        () -> BaseModel.open(base, Compute.of("cpu", "f32")),
        store,
        (options.trainingSteps().isPresent() ? options : options.trainingSteps(4))
            .samplePhotos(photo -> true));
    return new OpenStudio(store, studio);
  }

  static List<Path> samples() {
    try (Stream<Path> files = Files.list(SAMPLES)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  String address() {
    return studio.address().toString();
  }

  /** Adds the sample person with some photos, and returns the id. */
  String addSample(int photos) throws IOException {
    awaitState("/api/studio", "base", "ready");
    String id = String.valueOf(
        post("/api/people", Map.of("agreed", true, "sample", true)).get("id"));
    for (Path photo : samples().subList(0, photos)) {
      send(request("/api/people/" + id + "/photos?name=" + photo.getFileName())
          .POST(HttpRequest.BodyPublishers.ofFile(photo)));
    }
    return id;
  }

  /** Adds the sample person, trains and generates images, whose checks have ended. */
  String addShot(int images) throws IOException {
    String id = addSample(2);
    String person = "/api/people/" + id;
    post(person + "/training", Map.of("action", "start", "preset", "quick"));
    Browser.await(() -> Boolean.TRUE.equals(get(person).get("trained")), "the training");
    Object shoot = post(
            person + "/shoots", Map.of("styles", List.of("studio"), "count", images, "steps", 4))
        .get("id");
    Browser.await(
        () -> {
          Map<String, Object> now = get(person + "/shoots/" + shoot);
          return "done".equals(now.get("state"))
              && Boolean.TRUE.equals(((Map<?, ?>) now.get("report")).get("checked"));
        },
        "the checks of the images");
    return id;
  }

  private void awaitState(String path, String part, String state) {
    Browser.await(() -> state.equals(((Map<?, ?>) get(path).get(part)).get("state")), state);
  }

  Map<String, Object> get(String path) {
    return send(request(path));
  }

  Map<String, Object> post(String path, Map<String, ?> body) throws IOException {
    return send(request(path)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(JSON.std.asString(body))));
  }

  private HttpRequest.Builder request(String path) {
    URI address = studio.address();
    return HttpRequest.newBuilder(address.resolve(path))
        .header("Authorization", "Bearer " + address.getQuery().substring("token=".length()));
  }

  private Map<String, Object> send(HttpRequest.Builder request) {
    try {
      return JSON.std.mapFrom(answer(request));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns a file of the page. */
  byte[] bytes(String path) {
    return answer(request(path));
  }

  private byte[] answer(HttpRequest.Builder request) {
    try {
      HttpResponse<byte[]> reply =
          client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      assertTrue(reply.statusCode() < 300, () -> new String(reply.body(), StandardCharsets.UTF_8));
      return reply.body();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    studio.close();
    store.close();
  }
}
