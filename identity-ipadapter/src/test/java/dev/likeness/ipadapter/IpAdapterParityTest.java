package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import dev.likeness.lora.Lora;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class IpAdapterParityTest {
  private static final List<String> BASES =
      List.of("base", "four-levels", "xl-base", "flux/dev", "sd3/large", "sd3/medium");
  private static final Map<String, BaseModel> OPEN = new HashMap<>();
  private static final Map<String, ImageEncoder> ENCODERS = new HashMap<>();
  private static Path folder;

  @BeforeAll
  static void opensTheBases(@TempDir Path parent) {
    folder = parent;
    for (String name : List.of("clip-quick", "siglip")) {
      ENCODERS.put(name, ImageEncoder.open(GoldenImageEncoder.write(name, parent), Compute.EXACT));
    }
    for (String name : BASES) {
      OPEN.put(
          name,
          name.contains("/")
              ? BaseModel.open(PipelineFolder.write(name, parent).path(), Compute.EXACT)
              : GoldenFolder.load(GoldenFolder.write(name, GoldenFolder.KeyFormat.PUBLISHED, parent)
                  .path()));
      // All parts have been in use then, and convolutions keep the forms that images of this size
      // are drawn with.
      OPEN.get(name).generate(request(GoldenAdapters.of(name).cases().get(0)));
    }
  }

  @AfterAll
  static void closesTheBases() {
    OPEN.values().forEach(BaseModel::close);
    ENCODERS.values().forEach(ImageEncoder::close);
  }

  static Stream<GoldenAdapters.Case> cases() {
    return BASES.stream().flatMap(base -> GoldenAdapters.of(base).cases().stream());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void generatesAsDiffusers(GoldenAdapters.Case golden) throws Exception {
    List<AutoCloseable> open = new ArrayList<>();
    try (TensorScope scope = TensorScope.open();
        Safetensors expected = GoldenAdapters.of(golden.base()).reference()) {
      ImageRequest request = request(golden);
      float[][] faces = expected.names().contains("faces") ? faces(expected) : null;
      for (Map<?, ?> use : golden.uses()) {
        IpAdapter adapter = open(golden.base(), use);
        open.add(adapter);
        for (Weighted prompt : prompts(adapter, use, faces)) {
          request = request.adapter(prompt.prompt.at(prompt.weight));
        }
      }
      if (golden.request().containsKey("lora")) {
        Lora lora = Lora.open(lora(golden), OPEN.get(golden.base()));
        open.add(lora);
        request = request.adapter(lora.at(loraWeight(golden)));
      }
      compare(
          golden,
          GoldenAdapters.of(golden.base()).images(expected, golden),
          OPEN.get(golden.base()).generateAll(request, Run.silent()));
    } finally {
      for (AutoCloseable each : open) {
        each.close();
      }
    }
  }

  private record Weighted(ImagePrompt prompt, double weight) {}

  private static Path lora(GoldenAdapters.Case golden) {
    return golden.request().get("lora") instanceof List<?> file
        ? GoldenAdapters.file("lora-" + file.get(0) + ".safetensors")
        : GoldenAdapters.of(golden.base()).writeLora(folder);
  }

  private static double loraWeight(GoldenAdapters.Case golden) {
    return ((Number)
            (golden.request().get("lora") instanceof List<?> file
                ? file.get(1)
                : golden.request().get("lora")))
        .doubleValue();
  }

  private static IpAdapter open(String base, Map<?, ?> use) {
    String kind = (String) use.get("kind");
    ImageEncoder encoder = ENCODERS.get(GoldenAdapters.of(base).encoder(kind));
    IpAdapterFile file = IpAdapterFile.of(GoldenAdapters.of(base).write(kind, folder))
        .version(
            use.containsKey("shortcut")
                ? IpAdapterFile.FaceIdPlusVersion.V2
                : IpAdapterFile.FaceIdPlusVersion.V1);
    return IpAdapter.open(file, OPEN.get(base), encoder);
  }

  private static List<Weighted> prompts(IpAdapter adapter, Map<?, ?> use, float[][] faces) {
    List<Reference> references = references(use, "references", faces);
    if (!use.containsKey("masks")) {
      double weight = use.get("scale") instanceof Number n ? n.doubleValue() : 1;
      return List.of(
          new Weighted(configure(adapter.prompt(references), adapter, use, faces), weight));
    }
    List<Weighted> each = new ArrayList<>();
    for (int i = 0; i < references.size(); i++) {
      RgbImage mask = RgbImage.read(
          GoldenAdapters.file("mask-" + ((List<?>) use.get("masks")).get(i) + ".png"));
      Object weight = use.get("scale") instanceof List<?> list ? list.get(i) : use.get("scale");
      each.add(new Weighted(
          adapter.prompt(List.of(references.get(i))).mask(mask), ((Number) weight).doubleValue()));
    }
    return each;
  }

  private static ImagePrompt configure(
      ImagePrompt prompt, IpAdapter adapter, Map<?, ?> use, float[][] faces) {
    ImagePrompt asked = use.containsKey("average") ? prompt.withAveragedReferences() : prompt;
    if (use.containsKey("negative")) {
      asked = asked.negative(references(use, "negative", faces));
    }
    if (use.get("steps") instanceof List<?> steps) {
      asked = asked.between(
          ((Number) steps.get(0)).doubleValue(), ((Number) steps.get(1)).doubleValue());
    }
    if (use.get("shortcut") instanceof Number factor) {
      asked = asked.shortcutScale(factor.doubleValue());
    }
    return use.get("scale") instanceof Map<?, ?> blocks
        ? asked.blockWeights(blocks(blocks))
        : use.get("scale") instanceof List<?> weights ? asked.blockWeights(blocks(weights)) : asked;
  }

  /** Weights of FLUX's double blocks. */
  private static BlockWeights blocks(List<?> weights) {
    Map<String, Double> byPath = new HashMap<>();
    for (int i = 0; i < weights.size(); i++) {
      byPath.put("transformer_blocks." + i, ((Number) weights.get(i)).doubleValue());
    }
    return BlockWeights.of(byPath);
  }

  /** diffusers' nested weights, by path. */
  private static BlockWeights blocks(Map<?, ?> nested) {
    Map<String, Double> byPath = new HashMap<>();
    nested.forEach((part, levels) -> ((Map<?, ?>) levels).forEach((level, weights) -> {
      for (int i = 0; i < ((List<?>) weights).size(); i++) {
        byPath.put(
            part + "_blocks." + level.toString().replace("block_", "") + ".attentions." + i,
            ((Number) ((List<?>) weights).get(i)).doubleValue());
      }
    }));
    return BlockWeights.of(byPath);
  }

  private static List<Reference> references(Map<?, ?> use, String which, float[][] faces) {
    return ((List<?>) use.get(which))
        .stream()
            .map(r -> {
              if (r instanceof List<?> both) {
                return Reference.face(
                    faces[((Number) both.get(0)).intValue()], image((String) both.get(1)));
              }
              return r instanceof Number n
                  ? Reference.face(faces[n.intValue()])
                  : Reference.of(image((String) r));
            })
            .toList();
  }

  private static RgbImage image(String name) {
    return RgbImage.read(GoldenImageEncoder.file(name));
  }

  private static float[][] faces(Safetensors expected) {
    Tensor faces = expected.read("faces");
    float[][] rows = new float[(int) faces.size(0)][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = ImageTensors.floats(faces.select(0, i));
    }
    return rows;
  }

  private static ImageRequest request(GoldenAdapters.Case golden) {
    List<?> seeds = (List<?>) golden.request().get("seeds");
    double second = golden.request().containsKey("true") ? golden.number("true") : 1;
    return ImageRequest.of((String) golden.request().get("prompt"))
        .negative((String) golden.request().get("negative"))
        .guidance(golden.number("guidance"))
        .steps((int) golden.number("steps"))
        .size((int) golden.number("width"), (int) golden.number("height"))
        .seed(((Number) seeds.get(0)).longValue())
        .count(seeds.size())
        .guidance(GuidanceOptions.DEFAULT.trueCfgScale(second));
  }

  private static void compare(
      GoldenAdapters.Case golden, Tensor expected, List<GeneratedImage> images) {
    assertEquals(expected.size(0), images.size());
    for (int i = 0; i < images.size(); i++) {
      Closeness.assertImage(1e-4, expected.select(0, i), images.get(i), golden + " image " + i);
    }
  }
}
