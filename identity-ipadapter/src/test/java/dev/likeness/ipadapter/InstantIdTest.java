package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenImages;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.SeededWeights;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.photos.embed.EmbedderSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** InstantID beside its published pipeline: {@code tools/goldens/instantid.py}. */
@ExtendWith(NoTensorLeaks.class)
class InstantIdTest {
  @TempDir
  private static Path scratch;

  private static Path folder;
  private static Path file;
  private static Path net;
  private static GoldenImages golden;

  @BeforeAll
  static void writes() throws IOException {
    folder = PipelineFolder.any("sdxl/xl-base", scratch);
    file = scratch.resolve("ip-adapter.safetensors");
    Path record = GoldenResource.file("/golden/instantid/reference.json.gz");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(record));
        TensorScope scope = TensorScope.open()) {
      Map<?, ?> adapter = (Map<?, ?>) JSON.std.mapFrom(in).get("adapter");
      SafetensorsWriter.write(
          file,
          SeededWeights.of(
              GoldenFolder.shapes((Map<?, ?>) adapter.get("tensors")),
              ((Number) adapter.get("seed")).longValue()),
          Map.of());
    }
    net = TinyControlNets.write("xl", scratch);
    golden = GoldenImages.open("instantid", scratch);
  }

  @AfterAll
  static void closes() {
    golden.close();
  }

  static List<GoldenImages.Run> runs() {
    return GoldenImages.runs("instantid");
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesAsThePublishedPipeline(GoldenImages.Run run) {
    GoldenFolder.schedule(folder, (Map<?, ?>) run.arguments().get("scheduler"));
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        IpAdapter adapter = IpAdapter.open(file, base);
        ControlNet net = openNet();
        TensorScope scope = TensorScope.open()) {
      ImagePrompt identity = prompt(adapter, face(run), 1)
          .withControl(ControlImage.of(net, slope())
              .scale(number(run, "scale"))
              .between(number(run, "start"), number(run, "end")));
      Closeness.assertWithinSpread(
          1e-4,
          golden.tensor("run" + run.index() + ".latents"),
          base.generate(request(run).adapter(identity.at(number(run, "weight"))))
              .latents()
              .toTensor(),
          run.toString());
    }
  }

  @Test
  void repeatsAFaceWithoutEffect() {
    GoldenImages.Run run = runs().get(0);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        IpAdapter adapter = IpAdapter.open(file, base);
        ControlNet net = openNet();
        TensorScope scope = TensorScope.open()) {
      float[] face = face(run);
      ControlImage control = ControlImage.of(net, slope()).scale(0.8);
      float[] once = generate(base, run, prompt(adapter, face, 1).withControl(control), 0.8);
      float[] thrice = generate(base, run, prompt(adapter, face, 3).withControl(control), 0.8);
      assertArrayEquals(once, thrice, 1e-4f, "attention to equal tokens");
      ImagePrompt unlike = prompt(adapter, face, 3)
          .negative(references(face(runs().get(1)), 2))
          .withControl(control);
      assertTrue(differ(thrice, generate(base, run, unlike, 0.8)), "negative references");
    }
  }

  @Test
  void hasNoEffectAtWeightZeroAndAWholeMaskChangesNothing() {
    GoldenImages.Run run = runs().get(0);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        IpAdapter adapter = IpAdapter.open(file, base);
        ControlNet net = openNet();
        TensorScope scope = TensorScope.open()) {
      ImagePrompt identity = prompt(adapter, face(run), 1)
          .withControl(ControlImage.of(net, slope()).scale(0.8));
      float[] plain = base.generate(request(run)).pixels();
      float[] full = generate(base, run, identity, 0.8);
      assertArrayEquals(plain, generate(base, run, identity, 0), "weight 0");
      assertTrue(differ(plain, full));
      byte[] white = new byte[3 * 32 * 24];
      Arrays.fill(white, (byte) 255);
      assertArrayEquals(
          full, generate(base, run, identity.mask(RgbImage.of(32, 24, white)), 0.8), 1e-5f, "mask");
      // The same ControlNet sees the prompt if the request gives its image.
      ImageRequest beside = request(run)
          .controlImage(ControlImage.of(net, slope()).scale(0.8))
          .adapter(prompt(adapter, face(run), 1).at(0.8));
      assertTrue(differ(full, base.generate(beside).pixels()), "text in place of tokens");
    }
  }

  @Test
  void itsControlNetSeesTheFaceAlsoInACroppedMask() {
    GoldenImages.Run run = runs().get(0);
    int width = run.integer("width");
    int height = run.integer("height");
    byte[] mask = new byte[3 * width * height];
    for (int y = 0; y < height / 2; y++) {
      Arrays.fill(mask, 3 * y * width, 3 * y * width + 3 * width / 2, (byte) 255);
    }
    ImageRequest inpainting = request(run)
        .initialImage(InitialImage.of(TinyControlNets.slope(width, height, true))
            .strength(1)
            .mask(RgbImage.of(width, height, mask))
            .paddingMaskCrop(0));
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        IpAdapter adapter = IpAdapter.open(file, base);
        ControlNet net = openNet();
        TensorScope scope = TensorScope.open()) {
      ControlImage control = ControlImage.of(net, slope()).scale(0.8);
      ImagePrompt identity = prompt(adapter, face(run), 1);
      float[] tokens = base.generate(
              inpainting.adapter(identity.withControl(control).at(0.8)))
          .pixels();
      float[] text = base.generate(inpainting.controlImage(control).adapter(identity.at(0.8)))
          .pixels();
      assertTrue(differ(tokens, text), "text in place of tokens");
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        BaseModel small = BaseModel.open(PipelineFolder.any("sd1/base", scratch), Compute.EXACT);
        IpAdapter adapter = IpAdapter.open(file, base)) {
      float[] unit = new float[512];
      unit[7] = 1;
      assertEquals(
          file + " needs face embeddings that are not normalised to length 1, got one of length"
              + " 1.000; use FaceEmbedder.embedRaw",
          refusal(() -> adapter.embed(references(unit, 1))));
      assertEquals(
          file
              + " is an InstantID adapter, trained with glintr100.onnx of InsightFace's antelopev2;"
              + " w600k_r50.onnx is another face embedder; give glintr100.onnx (antelopev2 of the"
              + " catalogue, DIAMONIK7777/antelopev2:glintr100.onnx), or an adapter that"
              + " uses images, such as Plus Face; or, if the file is an unnormalised FaceID Portrait,"
              + " which has the same layout, put unnorm into its name",
          refusal(() -> IpAdapterFile.of(file)
              .requireRecogniser(EmbedderSpec.ARCFACE, Path.of("w600k_r50.onnx"))));
      IpAdapterFile.of(file).requireRecogniser(EmbedderSpec.ARCFACE, Path.of("glintr100.onnx"));
      assertTrue(refusal(() -> IpAdapterFile.of(file)
              .requireRecogniser(EmbedderSpec.AURAFACE, Path.of("auraface", "glintr100.onnx")))
          .contains("is another face embedder; give glintr100.onnx"));
      assertTrue(refusal(() -> IpAdapter.open(file, small))
          .startsWith(file + " is an InstantID adapter for "));
      assertTrue(refusal(() -> IpAdapter.open(IpAdapterFile.of(file).lora(file), base))
          .contains("adapters of this kind have no LoRA, but " + file + " was given as its LoRA"));
    }
  }

  @Test
  void refusesAControlImageForAnAdapterWithoutControlNet() {
    Path plain = GoldenAdapters.of("xl-base").write("portrait", scratch);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        IpAdapter adapter = IpAdapter.open(plain, base);
        ControlNet net = openNet()) {
      float[] face = new float[24];
      face[0] = 1;
      ImagePrompt prompt = adapter.prompt(references(face, 1));
      assertEquals(
          plain + " is an IP-Adapter FaceID Portrait, which has no ControlNet of its own; give the"
              + " control image to the request: ImageRequest.controlImage",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> prompt.withControl(ControlImage.of(net, slope())))
              .getMessage());
    }
  }

  private static String refusal(Runnable call) {
    return assertThrows(InvalidInputException.class, call::run).getMessage();
  }

  private static float[] generate(
      BaseModel base, GoldenImages.Run run, ImagePrompt identity, double weight) {
    return base.generate(request(run).adapter(identity.at(weight))).pixels();
  }

  private static boolean differ(float[] one, float[] other) {
    for (int i = 0; i < one.length; i++) {
      if (Math.abs(one[i] - other[i]) > 1e-3) {
        return true;
      }
    }
    return false;
  }

  private static ImagePrompt prompt(IpAdapter adapter, float[] face, int times) {
    return adapter.prompt(references(face, times));
  }

  private static List<Reference> references(float[] face, int times) {
    return Collections.nCopies(times, Reference.face(face, RgbImage.of(1, 1, new byte[3])));
  }

  private static float[] face(GoldenImages.Run run) {
    return ImageTensors.floats(golden.tensor("run" + run.index() + ".face"));
  }

  private static ImageRequest request(GoldenImages.Run run) {
    return ImageRequest.of(run.text("prompt"))
        .negative(run.text("negative"))
        .guidance(number(run, "guidance"))
        .steps(run.integer("steps"))
        .size(run.integer("width"), run.integer("height"))
        .seed(((Number) ((List<?>) run.arguments().get("seeds")).get(0)).longValue());
  }

  private static double number(GoldenImages.Run run, String name) {
    return ((Number) run.arguments().get(name)).doubleValue();
  }

  private static ControlNet openNet() {
    return BaseModel.openControlNet(net, Compute.EXACT);
  }

  private static RgbImage slope() {
    return TinyControlNets.slope(32, 24, false);
  }
}
