package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.provenance.Provenance;
import dev.likeness.provenance.signing.TrustAnchors;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Grids of seeds and settings over HTTP, on the embedded model. */
class StudioPlaygroundTest {
  @TempDir
  private Path folder;

  @Test
  void generatesAGridWhoseImagesAreThoseOfTheLibrary() throws Exception {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      Map<String, Object> grid = generate(
          studio,
          Map.of(
              "action",
              "start",
              "prompt",
              "portrait of \"Ada's\" friend",
              "negative",
              "dark",
              "seed",
              7,
              "count",
              2,
              "steps",
              1,
              "axis",
              "scheduler",
              "values",
              List.of("euler", "dpmpp_2m_karras")));
      assertEquals(List.of("euler", "dpmpp_2m_karras"), grid.get("rows"));
      assertEquals(4, grid.get("done"));
      assertEquals(
          "likeness generate --base " + PortraitModel.files()
              + " --prompt 'portrait of \"Ada'\\''s\" friend' --negative dark --scheduler euler"
              + " --steps 1 --seed 7 --count 2 --out images",
          String.valueOf(grid.get("command")).lines().findFirst().orElseThrow());
      compile(String.valueOf(grid.get("java")));

      byte[] file = studio.get("/api/playground/images/4").body();
      assertTrue(Provenance.inspect("image", file, TrustAnchors.NONE).isDisclosed());
      try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.of("cpu", "f32"))) {
        RgbImage same = base.generate(ImageRequest.of("portrait of \"Ada's\" friend")
                .negative("dark")
                .scheduler("dpmpp_2m_karras")
                .steps(1)
                .seed(8))
            .image();
        RgbImage marked =
            RgbImage.read("same", dev.likeness.provenance.Disclosure.standard().encodePng(same));
        assertEquals(marked, RgbImage.read("image", file));
      }
      assertEquals(404, studio.get("/api/playground/images/5").status());
    }
  }

  @Test
  void plansSigmasAndRefusesWhatIsNoGrid() {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      Map<String, Object> plan =
          studio.get("/api/playground/sigmas?scheduler=euler&steps=9").json();
      List<?> rows = (List<?>) plan.get("rows");
      assertEquals(9, rows.size());
      assertTrue(sigma(rows.get(0)) > sigma(rows.get(8)));
      assertEquals(
          400, studio.get("/api/playground/sigmas?scheduler=none&steps=9").status());
      assertEquals(400, studio.get("/api/playground/sigmas?steps=x").status());
      assertEquals(400, studio.get("/api/playground/sigmas?steps=151").status());
      for (Map<String, ?> wrong : List.of(
          Map.of("prompt", "a".repeat(2001)),
          Map.of("count", 65),
          Map.of("count", 0),
          Map.of("steps", 0),
          Map.of("scheduler", "none"),
          Map.of("axis", "steps"),
          Map.of("axis", "colour", "values", List.of("1")),
          Map.of("axis", "lora", "values", List.of("1")),
          Map.of("axis", "steps", "values", List.of("x")),
          Map.of("values", List.of(7)),
          Map.of("loras", Map.of("../x.safetensors", 1)),
          Map.of("loras", Map.of("x", "y")))) {
        Map<String, Object> body = new HashMap<>(wrong);
        body.put("action", "start");
        assertEquals(400, studio.post("/api/playground", body).status(), wrong::toString);
      }
      assertEquals(409, studio.post("/api/playground", Map.of("action", "stop")).status());
      assertEquals(
          409, studio.post("/api/playground", Map.of("action", "resume")).status());
      assertEquals(404, studio.get("/api/playground/images/1").status());
      assertEquals(404, studio.get("/api/playground/preview").status());
      assertEquals(
          422,
          studio
              .upload("/api/playground/references", RunningStudio.samples().get(0))
              .status(),
          "this base does not edit images");
    }
  }

  @Test
  void stopsAGridKeepsItsImagesAndContinues() {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      assertEquals(
          202,
          studio
              .post(
                  "/api/playground",
                  Map.of("action", "start", "prompt", "a woman", "count", 20, "steps", 1))
              .status());
      assertEquals(
          409,
          studio
              .post("/api/playground", Map.of("action", "start", "prompt", "a woman"))
              .status());
      RunningStudio.await(() -> done(studio) > 0, "an image is there");
      assertEquals(202, studio.post("/api/playground", Map.of("action", "stop")).status());
      RunningStudio.await(() -> "stopped".equals(grid(studio).get("state")), "it is stopped");
      assertTrue(done(studio) < 20);
      byte[] first = studio.get("/api/playground/images/1").body();
      assertEquals(
          202, studio.post("/api/playground", Map.of("action", "resume")).status());
      RunningStudio.await(() -> "done".equals(grid(studio).get("state")), "it has ended");
      assertEquals(20, done(studio));
      assertArrayEquals(first, studio.get("/api/playground/images/1").body());
    }
  }

  @Test
  void generatesWithTheWeightsOfALora() throws Exception {
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.of("cpu", "f32"));
        LoraPerson trained = new LoraTrainer(TrainingSettings.quick().steps(2))
            .train(
                base,
                List.of(RgbImage.read("photo", RunningStudio.samples().get(0))),
                PersonToken.of("person"))) {
      trained.save(folder.resolve(RunningStudio.LORA));
    }
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      Map<String, Object> without =
          Map.of("action", "start", "prompt", "a man", "axis", "lora", "values", List.of("0", "3"));
      assertEquals(
          "the rows differ in the weight of all LoRAs, but no LoRA has a weight; give a weight to at"
              + " least one LoRA, or choose another axis",
          studio.post("/api/playground", without).error());
      Map<String, Object> ask = new HashMap<>(without);
      ask.put("loras", Map.of(RunningStudio.LORA, 1));
      ask.put("steps", 2);
      Map<String, Object> grid = generate(studio, ask);
      assertFalse(
          java.util.Arrays.equals(
              studio.get("/api/playground/images/1").body(),
              studio.get("/api/playground/images/2").body()),
          "the weight changes the image");
      assertTrue(
          String.valueOf(grid.get("command"))
              .endsWith(" --lora " + folder.resolve(RunningStudio.LORA) + "@3 --out images"),
          grid::toString);
      compile(String.valueOf(grid.get("java")));
    }
  }

  @Test
  void generatesWithTheReferenceImagesOfItsStart() throws Exception {
    Path klein = PipelineFolder.write("klein/base", folder).path();
    try (RunningStudio studio = RunningStudio.on(klein, folder)) {
      Map<String, Object> ask =
          new HashMap<>(Map.of("action", "start", "prompt", "a man", "steps", 1));
      generate(studio, ask);
      byte[] plain = studio.get("/api/playground/images/1").body();
      studio.upload("/api/playground/references?name=-ada's%20photo.png", reference(2));
      ask.put("references", true);
      generate(studio, ask);
      assertEquals(
          202, studio.post("/api/playground", Map.of("action", "forget")).status());
      assertFalse(
          java.util.Arrays.equals(plain, studio.get("/api/playground/images/1").body()),
          "the base sees the reference image");
      String command = String.valueOf(grid(studio).get("command"));
      assertTrue(
          command.endsWith(" --image './-ada'\\''s photo.png' --out images"),
          "the grid keeps the references of its start: " + command);
      compile(String.valueOf(grid(studio).get("java")));
    }
  }

  @Test
  void keepsFewReferenceImagesForABaseThatEdits() throws Exception {
    Path klein = PipelineFolder.write("klein/base", folder).path();
    try (RunningStudio studio = RunningStudio.on(klein, folder)) {
      for (int i = 0; i < 4; i++) {
        assertEquals(
            201, studio.upload("/api/playground/references", reference(i)).status());
      }
      assertEquals(
          422, studio.upload("/api/playground/references", reference(4)).status());
      assertEquals(4, studio.get("/api/playground").json().get("references"));
      assertEquals(
          202, studio.post("/api/playground", Map.of("action", "forget")).status());
      assertEquals(0, studio.get("/api/playground").json().get("references"));
    }
  }

  /** A small grey image. */
  private static byte[] reference(int shade) {
    byte[] rgb = new byte[64 * 64 * 3];
    java.util.Arrays.fill(rgb, (byte) (40 * shade));
    return RgbImage.of(64, 64, rgb).toPng();
  }

  private static double sigma(Object row) {
    return ((Number) ((Map<?, ?>) row).get("sigma")).doubleValue();
  }

  private static Map<String, Object> generate(RunningStudio studio, Map<String, ?> ask) {
    RunningStudio.Reply started = studio.post("/api/playground", ask);
    assertEquals(202, started.status(), started::error);
    RunningStudio.await(
        () -> {
          Map<String, Object> now = grid(studio);
          assertFalse("failed".equals(now.get("state")), now::toString);
          return "done".equals(now.get("state"));
        },
        "the grid is done");
    return grid(studio);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> grid(RunningStudio studio) {
    return (Map<String, Object>) studio.get("/api/playground").json().get("grid");
  }

  private static int done(RunningStudio studio) {
    return ((Number) grid(studio).get("done")).intValue();
  }

  private void compile(String source) throws Exception {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    JavaFileObject file =
        new SimpleJavaFileObject(URI.create("string:///Grid.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    StringWriter messages = new StringWriter();
    String out = Files.createDirectories(folder.resolve("classes")).toString();
    boolean isValid = compiler
        .getTask(
            messages,
            null,
            null,
            List.of("-d", out, "-cp", System.getProperty("java.class.path")),
            null,
            List.of(file))
        .call();
    assertTrue(isValid, () -> messages + source);
  }
}
