package dev.likeness.ipadapter;

import static dev.likeness.ipadapter.internal.GoldenRuns.integer;
import static dev.likeness.ipadapter.internal.GoldenRuns.number;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import dev.likeness.ipadapter.internal.GoldenRuns;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * PuLID beside its published code: {@code pulid.py} and {@code pulid_more.py} of
 * {@code tools/goldens}.
 */
@ExtendWith(NoTensorLeaks.class)
class PulidTest {
  private static final GoldenRuns GOLDEN = new GoldenRuns("pulid/reference.safetensors", 1e-3);
  private static final GoldenRuns MORE = new GoldenRuns("pulid-more/reference.safetensors", 1e-3);

  @TempDir
  private static Path scratch;

  private static Map<?, ?> record;
  private static BaseModel flux;
  private static BaseModel xl;
  private static Path fluxFile;
  private static Path xlFile;
  private static ImageEncoder encoder;
  private static Path tower;
  private static Path parser;

  @BeforeAll
  static void opens() throws IOException {
    record = GoldenNetwork.json("pulid/reference.json");
    fluxFile = adapter("flux");
    xlFile = adapter("xl");
    flux = BaseModel.open(fluxFolder(), Compute.EXACT);
    Path folder = PipelineFolder.any("sdxl/xl-base", scratch);
    GoldenFolder.schedule(folder, (Map<?, ?>) runs("xl").get(0).get("scheduler"));
    xl = BaseModel.open(folder, Compute.EXACT);
    tower = write((Map<?, ?>) record.get("tower"), "tower.safetensors");
    parser = write(GoldenNetwork.json("parsing/reference.json"), "parser.safetensors");
    encoder = ImageEncoder.ofFaces(tower, parser, Compute.EXACT);
    // All components have been in use then, and saving too.
    try (IpAdapter adapter = IpAdapter.open(fluxFile, flux, encoder)) {
      Path file = scratch.resolve("first.safetensors");
      adapter.embed(GOLDEN.faceCrops(runs("flux").get(0).get("photos"))).save(file);
      ReferenceEmbeddings.open(file);
    }
    flux.generate(ImageRequest.of("a woman").steps(1).size(32, 32));
    xl.generate(ImageRequest.of("a woman").negative("blurry").steps(1).size(32, 24));
  }

  @AfterAll
  static void closes() {
    encoder.close();
    flux.close();
    xl.close();
  }

  private static Path write(Map<?, ?> network, String name) {
    try (TensorScope scope = TensorScope.open()) {
      return GoldenNetwork.write(network, scratch.resolve(name), tensors -> {});
    }
  }

  /** The file of a base: encoder and attentions, drawn from two seeds. */
  private static Path adapter(String base) {
    Map<?, ?> parts = (Map<?, ?>) record.get(base);
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> all = GoldenNetwork.weights((Map<?, ?>) parts.get("encoder"));
      all.putAll(GoldenNetwork.weights((Map<?, ?>) parts.get("attentions")));
      Path file = scratch.resolve("pulid_" + base + ".safetensors");
      SafetensorsWriter.write(file, all, Map.of());
      return file;
    }
  }

  /** A FLUX.1 with more blocks than the tiny folder. */
  private static Path fluxFolder() throws IOException {
    Map<?, ?> parts = (Map<?, ?>) record.get("flux");
    return GoldenRuns.withBlocks(
        PipelineFolder.write("flux/dev", scratch).path(), (List<?>) parts.get("blocks"), (Map<?, ?>)
            parts.get("base"));
  }

  private static List<Map<?, ?>> runs(String base) {
    return ((List<?>) ((Map<?, ?>) record.get(base)).get("runs"))
        .stream().<Map<?, ?>>map(run -> (Map<?, ?>) run).toList();
  }

  static IntStream fluxRuns() {
    return IntStream.range(0, 7);
  }

  static IntStream xlRuns() {
    return IntStream.range(0, 5);
  }

  private static ImageRequest request(Map<?, ?> run) {
    return ImageRequest.of((String) run.get("prompt"))
        .negative((String) run.get("negative"))
        .guidance(number(run, "guidance"))
        .steps(integer(run, "steps"))
        .size(integer(run, "width"), integer(run, "height"))
        .seed(integer(run, "seed"));
  }

  private static ImageRequest fluxRequest(Map<?, ?> run) {
    ImageRequest plain = request(run);
    GuidanceOptions guidance = GuidanceOptions.DEFAULT
        .scale(number(run, "guidance"))
        .trueCfgScale(number(run, "true_cfg"));
    return (number(run, "true_cfg") == 1 ? plain.prompts(plain.prompts().withoutNegative()) : plain)
        .guidance(guidance);
  }

  private static ImagePrompt prompt(IpAdapter adapter, Map<?, ?> run) {
    return adapter
        .prompt(GOLDEN.faceCrops(run.get("photos")))
        .between(number(run, "start"), number(run, "end"));
  }

  @ParameterizedTest
  @MethodSource("fluxRuns")
  void generatesOnFluxAsThePublishedCode(int i) throws IOException {
    Map<?, ?> run = runs("flux").get(i);
    try (IpAdapter adapter = IpAdapter.open(fluxFile, flux, encoder)) {
      ImageRequest request =
          fluxRequest(run).adapter(prompt(adapter, run).at(number(run, "weight")));
      if (!Boolean.TRUE.equals(run.get("lora"))) {
        GOLDEN.assertLatents("flux" + i, flux, request);
        return;
      }
      try (Lora lora = Lora.open(GOLDEN.lora(scratch), flux)) {
        GOLDEN.assertLatents("flux" + i, flux, request.adapter(lora.at(0.7)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("xlRuns")
  void generatesOnSdxlAsThePublishedCode(int i) {
    Map<?, ?> run = runs("xl").get(i);
    try (IpAdapter adapter = IpAdapter.open(xlFile, xl, encoder)) {
      GOLDEN.assertLatents(
          "xl" + i, xl, request(run).adapter(prompt(adapter, run).at(number(run, "weight"))));
    }
  }

  static IntStream xlRunsWithLora() {
    return IntStream.range(0, 4);
  }

  @ParameterizedTest
  @MethodSource("xlRunsWithLora")
  void generatesOnSdxlWithALoraAsThePublishedCode(int i) throws IOException {
    Map<?, ?> golden = GoldenNetwork.json("pulid-more/reference.json");
    Map<?, ?> run = GoldenRuns.run(golden, i);
    Path folder = Files.createDirectories(scratch.resolve("lora-" + i));
    try (IpAdapter adapter = IpAdapter.open(xlFile, xl, encoder);
        Lora lora = Lora.open(MORE.lora(folder), xl)) {
      MORE.assertLatents(
          "xl" + i,
          xl,
          request(run)
              .adapter(prompt(adapter, run).at(number(run, "weight")))
              .adapter(lora.at(number(golden, "lora"))));
    }
  }

  private static RgbImage mask(int width, int height, int white) {
    byte[] rgb = new byte[3 * width * height];
    for (int y = 0; y < height; y++) {
      if (white > 0) {
        Arrays.fill(rgb, 3 * y * width, 3 * (y * width + white), (byte) 255);
      } else {
        Arrays.fill(rgb, 3 * (y * width - white), 3 * (y + 1) * width, (byte) 255);
      }
    }
    return RgbImage.of(width, height, rgb);
  }

  @Test
  void masksPlaceTwoPeople() {
    for (boolean isFlux : new boolean[] {true, false}) {
      BaseModel base = isFlux ? flux : xl;
      Map<?, ?> run = runs(isFlux ? "flux" : "xl").get(0);
      ImageRequest request = isFlux ? fluxRequest(run) : request(run);
      int width = integer(run, "width");
      int height = integer(run, "height");
      try (IpAdapter adapter = IpAdapter.open(isFlux ? fluxFile : xlFile, base, encoder)) {
        ImagePrompt ada = adapter.prompt(GOLDEN.faceCrops(runs("flux").get(0).get("photos")));
        ImagePrompt bo = adapter.prompt(GOLDEN.faceCrops(runs("flux").get(1).get("photos")));
        RgbImage whole = mask(width, height, width);
        RgbImage left = mask(width, height, width / 2);
        RgbImage right = mask(width, height, -width / 2);
        assertArrayEquals(
            base.generate(request.adapter(ada.at(1))).pixels(),
            base.generate(request.adapter(ada.mask(whole).at(1))).pixels(),
            1e-5f,
            "a whole mask");
        float[] one = generate(
            base, request.adapter(ada.mask(left).at(1)).adapter(bo.mask(right).at(1)));
        float[] swapped = generate(
            base, request.adapter(bo.mask(left).at(1)).adapter(ada.mask(right).at(1)));
        float[] sameBySwappedMasks = generate(
            base, request.adapter(ada.mask(right).at(1)).adapter(bo.mask(left).at(1)));
        assertArrayEquals(swapped, sameBySwappedMasks, 1e-5f, "the order of people");
        assertTrue(differ(one, swapped), "swapped masks");
        assertTrue(differ(one, generate(base, request.adapter(ada.at(1)))), "two people");
      }
    }
  }

  private static float[] generate(BaseModel base, ImageRequest request) {
    return base.generate(request).pixels();
  }

  private static boolean differ(float[] one, float[] other) {
    return IntStream.range(0, one.length).anyMatch(i -> Math.abs(one[i] - other[i]) > 1e-3);
  }

  @Test
  void savedEmbeddingsServeBothBases() {
    Map<?, ?> run = runs("flux").get(2);
    Path file = scratch.resolve("person.safetensors");
    try (IpAdapter adapter = IpAdapter.open(fluxFile, flux, encoder);
        IpAdapter other = IpAdapter.open(xlFile, xl, encoder)) {
      ReferenceEmbeddings embeddings = adapter.embed(GOLDEN.faceCrops(run.get("photos")));
      embeddings.save(file);
      ReferenceEmbeddings kept = ReferenceEmbeddings.open(file);
      assertEquals(embeddings, kept);
      assertArrayEquals(
          generate(flux, fluxRequest(run).adapter(adapter.prompt(embeddings).at(1))),
          generate(flux, fluxRequest(run).adapter(adapter.prompt(kept).at(1))));
      ImageRequest onXl = request(runs("xl").get(0));
      assertArrayEquals(
          generate(
              xl, onXl.adapter(other.prompt(GOLDEN.faceCrops(run.get("photos"))).at(1))),
          generate(xl, onXl.adapter(other.prompt(kept).at(1))));
    }
  }

  @Test
  void hasNoEffectAtWeightZero() {
    Map<?, ?> run = runs("flux").get(0);
    try (IpAdapter adapter = IpAdapter.open(fluxFile, flux, encoder)) {
      assertArrayEquals(
          generate(flux, fluxRequest(run)),
          generate(flux, fluxRequest(run).adapter(prompt(adapter, run).at(0))));
    }
  }

  private static String refusal(Runnable call) {
    return assertThrows(RuntimeException.class, call::run).getMessage();
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    String needs = " and needs the vision tower EVA02-CLIP-L-14-336 and a face parser; give them:"
        + " --image-encoder EVA02_CLIP_L_336_psz14_s6B.pt --face-parser parsing_bisenet.pth (in"
        + " Java, call ImageEncoder.ofFaces) (eva02-clip-l-336 of the catalogue,"
        + " QuanSun/EVA-CLIP:EVA02_CLIP_L_336_psz14_s6B.pt; https://github.com/xinntao/facexlib"
        + "/releases/download/v0.2.0/parsing_bisenet.pth)";
    assertEquals(
        fluxFile + " is a PuLID adapter for transformers" + needs,
        refusal(() -> IpAdapter.open(fluxFile, flux)));
    assertEquals(xlFile + " is a PuLID adapter" + needs, refusal(() -> IpAdapter.open(xlFile, xl)));
    assertTrue(refusal(() -> IpAdapter.open(fluxFile, xl, encoder))
        .startsWith(
            fluxFile + " is a PuLID adapter for transformers, 4 attentions, but the base "));
    assertTrue(refusal(() -> IpAdapter.open(xlFile, flux, encoder))
        .startsWith(xlFile + " is a PuLID adapter for "));
    try (BaseModel small = BaseModel.open(
        PipelineFolder.write("flux/dev", Files.createDirectory(scratch.resolve("small")))
            .path(),
        Compute.EXACT)) {
      assertTrue(refusal(() -> IpAdapter.open(fluxFile, small, encoder)).contains("4 attentions"));
    }
    assertThrows(
        InvalidInputException.class, () -> ImageEncoder.ofFaces(parser, tower, Compute.EXACT));
    try (IpAdapter adapter = IpAdapter.open(fluxFile, flux, encoder)) {
      List<Reference> two = GOLDEN.faceCrops(runs("flux").get(2).get("photos")).subList(0, 2);
      assertEquals(
          fluxFile + " is a PuLID adapter for transformers, which does not support references of"
              + " different weights; leave this setting out",
          refusal(
              () -> adapter.prompt(List.of(two.get(0), two.get(1).weight(0.5))).at(1)));
      assertTrue(refusal(() -> adapter.prompt(two.get(0).image().orElseThrow()))
          .contains("needs a face embedding and the aligned face image"));
    }
  }
}
