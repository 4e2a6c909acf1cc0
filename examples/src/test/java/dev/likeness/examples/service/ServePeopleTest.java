package dev.likeness.examples.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.face.CascadeDetector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
@ExtendWith(NoTensorLeaks.class)
class ServePeopleTest {
  private static final Map<String, Object> LCM =
      Map.of("_class_name", "LCMScheduler", "original_inference_steps", 50);

  @TempDir
  private static Path folder;

  private static Path base;
  private static Path ada;
  private static Path bob;

  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeAll
  static void trainTwo() throws Exception {
    base = GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    ada = trained("ada", 0);
    bob = trained("bob", 200);
    GoldenFolder.schedule(base, LCM);
    // OpenCV keeps a few objects of its own from its first use on.
    try (CascadeDetector detector = new CascadeDetector()) {
      detector.detect(RgbImage.of(32, 32, new byte[32 * 32 * 3]));
    }
  }

  private static Path trained(String name, int grey) {
    byte[] rgb = new byte[32 * 32 * 3];
    Arrays.fill(rgb, (byte) grey);
    Path file = folder.resolve(name + ".safetensors");
    try (BaseModel model = BaseModel.open(base, Compute.EXACT);
        LoraPerson person = new LoraTrainer(TrainingSettings.quick().steps(20))
            .train(
                model,
                List.of(RgbImage.of(32, 32, rgb)),
                PersonToken.of("woman").consent(name + ": yes"),
                Run.silent())) {
      person.save(file);
    }
    return file;
  }

  @Test
  void servesThePersonsOfTheFiles() throws Exception {
    byte[][] drawn = new byte[2][];
    ServePeople.serve(0, base, List.of(ada, bob), service -> {
      drawn[0] = fetchImage(service.port(), "ada");
      drawn[1] = fetchImage(service.port(), "bob");
      assertEquals(400, post(service.port(), "person=eve").statusCode());
      HttpResponse<String> many = post(service.port(), "person=ada&steps=51");
      assertEquals(400, many.statusCode());
      assertTrue(
          many.body().contains("this scheduler supports 1 to 50 steps, got 51"), many.body());
    });
    assertTrue(
        drawn[0].length > 100 && !Arrays.equals(drawn[0], drawn[1]), "ada and bob look alike");
  }

  @Test
  void leavesNothingOpenWhereItCannotServe() throws Exception {
    Path second =
        Files.copy(ada, Files.createDirectory(folder.resolve("other")).resolve("ada.safetensors"));
    Path broken = Files.writeString(folder.resolve("eve.safetensors"), "nobody");
    assertEquals(
        second
            + " has the same name as another file, ada, but names of people must differ; rename"
            + " one",
        assertThrows(IllegalArgumentException.class, () -> serve(List.of(ada, second)))
            .getMessage());
    String refused = assertThrows(InvalidInputException.class, () -> serve(List.of(ada, broken)))
        .getMessage();
    assertTrue(refused.contains("eve.safetensors"), refused);
    assertEquals(
        "give PORT BASE PERSON-FILE..., e.g. 8080 portrait ada.safetensors; got [x, portrait, a]",
        assertThrows(
                IllegalArgumentException.class,
                () -> ServePeople.main(new String[] {"x", "portrait", "a"}))
            .getMessage());
  }

  private static void serve(List<Path> files) throws Exception {
    ServePeople.serve(0, base, files, service -> {
      throw new AssertionError("served");
    });
  }

  private byte[] fetchImage(int port, String name) throws Exception {
    String id = (String)
        JSON.std.mapFrom(post(port, "person=" + name + "&steps=2").body()).get("id");
    while (!get(port, id, HttpResponse.BodyHandlers.ofString()).body().contains("done")) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return get(port, id + "/1.png", HttpResponse.BodyHandlers.ofByteArray()).body();
  }

  private HttpResponse<String> post(int port, String query) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + port + "/shoots?" + query);
    return http.send(
        HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.noBody()).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private <T> HttpResponse<T> get(int port, String path, HttpResponse.BodyHandler<T> handler)
      throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/shoots/" + path))
            .build(),
        handler);
  }
}
