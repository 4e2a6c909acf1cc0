package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceKeypoints;
import dev.likeness.ipadapter.IdentityFiles;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.opencv.Onnx;
import dev.likeness.studio.LikenessStudio;
import dev.likeness.studio.ModelSource;
import dev.likeness.studio.StudioOptions;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The pose of the head by the library's API and by the studio's, with InstantID on tiny weights.
 */
class StudioPoseTest {
  private static final long PATIENCE_MILLIS = 120_000;
  private static final String ADAPTER = "ip-adapter.safetensors";

  @TempDir
  private Path folder;

  private final HttpClient client = HttpClient.newHttpClient();
  private URI address;

  private Path instantId(BaseModel base) throws IOException {
    Path files = Files.createDirectories(folder.resolve("instantid"));
    TinyAdapter.ofInstantId(base, files.resolve(ADAPTER));
    Files.write(
        files.resolve("glintr100.onnx"),
        Onnx.sampled(112, 7, new float[] {1, 0, -1}, new float[] {0, 1, 0}));
    Files.move(TinyControlNets.write("xl", folder), files.resolve("ControlNetModel"));
    return files;
  }

  private HttpResponse<byte[]> send(String method, String path, String type, byte[] body) {
    try {
      return client.send(
          HttpRequest.newBuilder(address.resolve(path))
              .header("Authorization", "Bearer " + address.getQuery().substring("token=".length()))
              .header("Content-Type", type)
              .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
              .build(),
          HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private Map<String, Object> json(HttpResponse<byte[]> answer) {
    try {
      return JSON.std.mapFrom(answer.body());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private HttpResponse<byte[]> post(String path, Map<String, ?> body) {
    try {
      return send("POST", path, "application/json", JSON.std.asBytes(body));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Map<String, Object> get(String path) {
    return json(send("GET", path, "application/json", new byte[0]));
  }

  private String state(String path, String wanted) throws InterruptedException {
    long end = System.currentTimeMillis() + PATIENCE_MILLIS;
    String last = "";
    while (System.currentTimeMillis() < end && !last.equals(wanted)) {
      Map<String, Object> now = get(path);
      last = String.valueOf(now.get("state"));
      assertNotEquals("failed", last, now::toString);
      Thread.sleep(50);
    }
    return last;
  }

  /** A source of models that knows where the material has a detector of faces. */
  private record Known(Optional<Path> yunet) implements ModelSource {
    @Override
    public Optional<Path> find(CatalogueModel model) {
      return model.name().equals("yunet") ? yunet : Optional.empty();
    }

    @Override
    public Download plan(CatalogueModel model) {
      throw new InvalidInputException("nothing is downloaded here");
    }

    @Override
    public void get(CatalogueModel model, Run run) {
      throw new InvalidInputException("nothing is downloaded here");
    }
  }

  private static double distance(RgbImage one, RgbImage other) {
    byte[] first = one.rgb();
    byte[] second = other.rgb();
    double sum = 0;
    for (int i = 0; i < first.length; i++) {
      sum += Math.abs((first[i] & 0xff) - (second[i] & 0xff));
    }
    return sum / first.length;
  }

  @Test
  void shootsInTheChosenPose() throws Exception {
    Path xl = PipelineFolder.any("sdxl/xl-base", folder);
    Path photos = Selfies.of("5000000777", 2, folder.resolve("people"));
    Path files;
    try (BaseModel base = BaseModel.open(xl, Compute.EXACT)) {
      files = instantId(base);
    }
    Optional<Path> yunet = Material.find("faces/yunet_n_640_640.onnx");
    StudioOptions options = StudioOptions.defaults()
        .models(new Known(yunet))
        .adapters(List.of(StudioOptions.AdapterFiles.of(files.resolve(ADAPTER))
            .faceEmbedder(files.resolve("glintr100.onnx"))
            .controlNet(files.resolve("ControlNetModel"))));
    Map<String, Object> plan;
    RgbImage left;
    try (SubjectStore store = SubjectStore.open(
            folder.resolve("store"), WrappingKey.createFile(folder.resolve("store.key")));
        LikenessStudio studio =
            LikenessStudio.start(() -> BaseModel.open(xl, Compute.EXACT), store, options)) {
      address = studio.address();
      long end = System.currentTimeMillis() + PATIENCE_MILLIS;
      while (!String.valueOf(get("/api/studio").get("base")).contains("ready")) {
        assertTrue(System.currentTimeMillis() < end, "the base is open");
        Thread.sleep(50);
      }
      String person = "/api/people/"
          + json(post("/api/people", Map.of("agreed", true, "name", "Ada"))).get("id");
      for (String name : List.of("selfie-01.jpg", "selfie-02.jpg")) {
        byte[] photo = Files.readAllBytes(photos.resolve(name));
        assertEquals(
            201,
            send("POST", person + "/photos?name=" + name, "application/octet-stream", photo)
                .statusCode());
      }
      HttpResponse<byte[]> encoding = post(
          person + "/training", Map.of("action", "start", "method", "adapter", "adapter", ADAPTER));
      assertEquals(202, encoding.statusCode(), json(encoding)::toString);
      assertEquals("none", state(person + "/training", "none"));
      Map<?, ?> identity = (Map<?, ?>) ((List<?>) get(person).get("identities")).get(0);
      assertEquals(FaceKeypoints.poses(), identity.get("poses"));

      Map<String, Object> order =
          Map.of("styles", List.of("studio"), "count", 1, "steps", 2, "pose", "left");
      HttpResponse<byte[]> started = post(person + "/shoots", order);
      assertEquals(202, started.statusCode(), json(started)::toString);
      plan = json(started);
      assertEquals("left", plan.get("pose"));
      assertEquals("done", state(person + "/shoots/" + plan.get("id"), "done"));
      left = RgbImage.read(
          "left", send("GET", person + "/images/1", "image/png", new byte[0]).body());

      refusesWhatIsNoPose(person);
      if (yunet.isPresent()) {
        shootsAsInAPhoto(person, Files.readAllBytes(photos.resolve("selfie-01.jpg")));
      }
    }
    long seed = ((Number) plan.get("seed")).longValue();
    try (BaseModel base = BaseModel.open(xl, Compute.EXACT);
        PersonAdapter adapter =
            PersonAdapter.open(IdentityFiles.findIn(files), base, UsePolicy.NON_COMMERCIAL)) {
      RgbImage expected = shot(base, adapter, photos, "left", seed);
      RgbImage front = shot(base, adapter, photos, "front", seed);
      // The studio marks its images; marks change single pixels by little.
      assertTrue(
          4 * distance(left, expected) < distance(left, front),
          distance(left, expected) + " and " + distance(left, front));
    }
  }

  private static RgbImage shot(
      BaseModel base, PersonAdapter adapter, Path photos, String pose, long seed) {
    HeadshotStudio studio = HeadshotStudio.on(base);
    PhotoReview review = studio.review(PhotoSet.from(photos));
    IpAdapterPerson ada = studio
        .trainer()
        .ipAdapterPerson(TrainingRequest.of(review, Consent.of("Ada: headshots")), adapter);
    int width = base.defaults().width();
    int height = base.defaults().height();
    ShootRequest ask =
        ShootRequest.of(Style.named("studio"), 1).forBase(base).steps(2).seed(seed);
    return studio
        .shoot(ada.withControl(adapter.pose(pose, width, height)), ask)
        .headshots()
        .get(0)
        .image();
  }

  private void refusesWhatIsNoPose(String person) {
    Map<String, Object> order = Map.of("styles", List.of("studio"), "pose", "sideways");
    HttpResponse<byte[]> unknown = post(person + "/shoots", order);
    assertEquals(400, unknown.statusCode());
    assertEquals(
        "unknown pose; known: " + String.join(", ", FaceKeypoints.poses()),
        json(unknown).get("error"));
    HttpResponse<byte[]> half = post(
        person + "/shoots",
        Map.of("styles", List.of("studio"), "keypoints", Map.of("width", 64, "height", 64)));
    assertEquals(400, half.statusCode());
    assertTrue(
        String.valueOf(json(half).get("error"))
            .startsWith("the keypoints have no number left_eye_x"),
        json(half)::toString);
  }

  private void shootsAsInAPhoto(String person, byte[] photo) throws InterruptedException {
    HttpResponse<byte[]> read = send("POST", "/api/poses", "application/octet-stream", photo);
    assertEquals(200, read.statusCode(), json(read)::toString);
    HttpResponse<byte[]> started = post(
        person + "/shoots",
        Map.of(
            "styles",
            List.of("studio"),
            "count",
            1,
            "steps",
            2,
            "keypoints",
            json(read).get("keypoints")));
    assertEquals(202, started.statusCode(), json(started)::toString);
    assertEquals("done", state(person + "/shoots/" + json(started).get("id"), "done"));
  }

  @Test
  void readsNoPoseWithoutItsDetectorOrAFace() throws Exception {
    Optional<Path> yunet = Material.find("faces/yunet_n_640_640.onnx");
    assumeTrue(yunet.isPresent(), "no YuNet in the material");
    Path xl = PipelineFolder.any("sdxl/xl-base", folder);
    byte[] wall = TinyControlNets.slope(320, 240, false).toPng();
    for (Optional<Path> place : List.of(yunet, Optional.<Path>empty())) {
      Path own = Files.createDirectories(folder.resolve(place.isPresent() ? "with" : "without"));
      try (SubjectStore store = SubjectStore.open(
              own.resolve("store"), WrappingKey.createFile(own.resolve("store.key")));
          LikenessStudio studio = LikenessStudio.start(
              () -> BaseModel.open(xl, Compute.EXACT),
              store,
              StudioOptions.defaults().models(new Known(place)))) {
        address = studio.address();
        HttpResponse<byte[]> read = send("POST", "/api/poses", "application/octet-stream", wall);
        assertEquals(422, read.statusCode());
        assertEquals(
            place.isPresent()
                ? "no face was found in the photo; give a photo with space around the face, or"
                    + " choose a pose by its name"
                : "the pose of a photo is read by the face detector yunet, which is not on this"
                    + " machine; get it on the page Models, or choose a pose by its name",
            json(read).get("error"));
      }
    }
  }
}
