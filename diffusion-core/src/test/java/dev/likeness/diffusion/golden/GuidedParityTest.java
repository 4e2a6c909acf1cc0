package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
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
class GuidedParityTest {
  private static final Map<String, GoldenFolder> FOLDERS = new HashMap<>();
  private static GoldenImages golden;

  @TempDir
  private static Path scratch;

  @BeforeAll
  static void open() {
    golden = GoldenImages.open("guided", scratch);
  }

  @AfterAll
  static void close() {
    golden.close();
    FOLDERS.clear();
  }

  static List<GoldenImages.Run> f32Runs() {
    return GoldenImages.runs("guided").stream()
        .filter(run -> !run.text("kind").equals("bf16"))
        .toList();
  }

  static List<GoldenImages.Run> bf16Runs() {
    return GoldenImages.runs("guided").stream()
        .filter(run -> run.text("kind").equals("bf16"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("f32Runs")
  void generatesAsDiffusers(GoldenImages.Run run) {
    golden.compare(run, generate(run, Compute.EXACT));
  }

  @ParameterizedTest
  @MethodSource("bf16Runs")
  void staysAsNearToF32AsDiffusersDoesInBf16(GoldenImages.Run run) {
    List<GeneratedImage> exact = generate(run, Compute.EXACT);
    List<GeneratedImage> half = generate(run, new Compute("cpu", DType.BF16));
    double ours = 0;
    for (int i = 0; i < exact.size(); i++) {
      ours += squares(exact.get(i).pixels(), half.get(i).pixels());
    }
    double theirs = run.number("distance", Double.NaN);
    assertTrue(
        ours <= theirs, run + ": sum of squares from f32: " + ours + ", diffusers " + theirs);
  }

  private static double squares(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
    }
    return sum;
  }

  private static List<GeneratedImage> generate(GoldenImages.Run run, Compute compute) {
    GoldenFolder folder = FOLDERS.computeIfAbsent(
        run.text("folder"),
        name -> GoldenFolder.write(name, GoldenFolder.KeyFormat.CURRENT, scratch));
    folder.schedule(run.scheduler());
    try (BaseModel base = BaseModel.open(folder.path(), compute)) {
      ImageRequest plain = GoldenImages.withNegative(
              ImageRequest.of(run.text("prompt")),
              "".equals(run.text("negative")) ? null : run.text("negative"))
          .guidance(run.number("guidance", 0))
          .steps(run.integer("steps"))
          .seed(run.firstSeed())
          .count(run.count())
          .size(run.integer("width"), run.integer("height"));
      return base.generateAll(withOptions(plain, run, base), Run.silent());
    }
  }

  private static ImageRequest withOptions(
      ImageRequest plain, GoldenImages.Run run, BaseModel base) {
    Map<?, ?> options = (Map<?, ?>) run.arguments().get("options");
    GuidanceOptions standard = GuidanceOptions.DEFAULT;
    return switch (run.text("kind")) {
      case "rescale" -> plain.guidance(standard.rescale(number(options, "rescale")));
      case "clip-skip" -> plain.clipSkip((int) number(options, "skip"));
      case "inversion" ->
        plain.textualInversion(textualInversion(run, (String) options.get("token")));
      case "two-towers" ->
        plain.textualInversion(
            TextualInversion.open(textEncoderFile(run)).withToken((String) options.get("token")));
      case "projected" ->
        plain.guidance(standard.adaptiveProjectedGuidance(
            number(options, "eta"),
            number(options, "adaptive_projected_guidance_momentum"),
            number(options, "adaptive_projected_guidance_rescale")));
      case "zero-star" ->
        plain.guidance(standard.cfgZeroStar((int) number(options, "zero_init_steps")));
      case "interval" ->
        plain.guidance(standard.between(number(options, "start"), number(options, "stop")));
      case "weighted" ->
        plain
            .syntax(PromptSyntax.A1111)
            .negative(
                run.text("prompt").contains("BREAK")
                    ? "BREAK"
                    : run.text("prompt").length() > 100 ? "BREAK" : "");
      default ->
        run.count() > 1
            ? plain
            : plain.noise(base.noise(
                run.firstSeed(), plain.width().getAsInt(), plain.height().getAsInt()));
    };
  }

  private static TextualInversion textualInversion(GoldenImages.Run run, String token) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor vectors = golden.tensor("run" + run.index() + ".vectors");
      return new TextualInversion(
          token, Map.of((int) vectors.size(1), ImageTensors.floats(vectors)));
    }
  }

  /** An embedding file for both towers of SDXL. */
  private static Path textEncoderFile(GoldenImages.Run run) {
    Path file = scratch.resolve("toy.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> vectors = new HashMap<>();
      Stream.of("clip_l", "clip_g")
          .forEach(name -> vectors.put(name, golden.tensor("run" + run.index() + "." + name)));
      SafetensorsWriter.write(file, vectors, Map.of());
    }
    return file;
  }

  private static double number(Map<?, ?> options, String name) {
    return options.get(name) == null ? 0 : ((Number) options.get(name)).doubleValue();
  }
}
