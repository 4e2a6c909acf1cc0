package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.GuidanceOptions;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.Latents;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.sampling.Projected;
import dev.likeness.diffusion.sampling.ZeroStar;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.text.PromptSyntax;
import dev.likeness.diffusion.text.TextualInversion;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class GuidedParityTest {
  private static final Map<String, GoldenFolder> FOLDERS = new HashMap<>();
  private static GoldenPictures golden;

  @TempDir
  private static Path scratch;

  @BeforeAll
  static void open() {
    golden = GoldenPictures.open("guided", scratch);
  }

  @AfterAll
  static void close() {
    golden.close();
    FOLDERS.clear();
  }

  static List<GoldenPictures.Run> exact() {
    return GoldenPictures.runs("guided");
  }

  static List<GoldenPictures.Run> half() {
    return GoldenPictures.runs("guided").stream().filter(run -> run.text("kind").equals("bf16")).toList();
  }

  @ParameterizedTest
  @MethodSource("exact")
  void drawsAsDiffusersDraws(GoldenPictures.Run run) {
    compare(run, draw(run, Compute.EXACT));
  }

  @Test
  void staysAsNearToF32AsDiffusersDoesInBf16() {
    double ours = 0;
    double theirs = 0;
    try (TensorScope scope = TensorScope.open()) {
      for (GoldenPictures.Run run : half()) {
        Tensor exact = golden.tensor("run" + run.index() + ".images");
        theirs += squares(exact, golden.tensor("run" + run.index() + ".bf16"));
        TensorVector drawn = new TensorVector();
        draw(run, new Compute("cpu", DType.BF16)).forEach(image -> drawn.push_back(torch.tensor(image.pixels())));
        ours += squares(exact, torch.stack(drawn).view_as(exact));
      }
    }
    assertTrue(ours <= theirs, "sum of squares from f32: " + ours + ", diffusers " + theirs);
  }

  private static double squares(Tensor a, Tensor b) {
    Tensor difference = a.sub(b);
    return difference.mul(difference).sum().item_double();
  }

  private static List<GeneratedImage> draw(GoldenPictures.Run run, Compute compute) {
    GoldenFolder folder = FOLDERS.computeIfAbsent(run.text("folder"),
        name -> GoldenFolder.write(name, GoldenFolder.Spelling.TODAY, scratch));
    folder.schedule(run.scheduler());
    try (BaseModel base = BaseModel.open(folder.path(), compute)) {
      ImageRequest plain = ImageRequest.of(run.text("prompt")).negative(run.text("negative"))
          .guidance(run.number("guidance", 0)).steps(run.integer("steps")).seed(run.firstSeed()).count(run.count())
          .size(run.integer("width"), run.integer("height"));
      return base.generate(changed(plain, run, base), Progress.SILENT, new Cancellation());
    }
  }

  private static ImageRequest changed(ImageRequest plain, GoldenPictures.Run run, BaseModel base) {
    Map<?, ?> options = (Map<?, ?>) run.asks().get("options");
    GuidanceOptions standard = GuidanceOptions.STANDARD;
    return switch (run.text("kind")) {
      case "rescale" -> plain.guidance(standard.rescale(number(options, "rescale")));
      case "clip-skip" -> plain.clipSkip((int) number(options, "skip"));
      case "inversion" -> plain.word(word(run, (String) options.get("token")));
      case "projected" -> plain.guidance(standard.by(scale -> new Projected(scale, number(options, "eta"),
          number(options, "adaptive_projected_guidance_momentum"), number(options, "adaptive_projected_guidance_rescale"))));
      case "zero-star" -> plain.guidance(standard.by(scale -> new ZeroStar(scale, (int) number(options, "zero_init_steps"))));
      case "interval" -> plain.guidance(standard.between(number(options, "start"), number(options, "stop")));
      case "weighted" -> plain.syntax(PromptSyntax.A1111).negative(run.text("prompt").contains("BREAK") ? "BREAK"
          : run.text("prompt").length() > 100 ? "BREAK" : "");
      default -> run.count() > 1 ? plain : plain.noise(base.noise(run.firstSeed(), plain.width(), plain.height()));
    };
  }

  private static TextualInversion word(GoldenPictures.Run run, String token) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor vectors = golden.tensor("run" + run.index() + ".vectors");
      return new TextualInversion(token, Map.of((int) vectors.size(1), Images.floats(vectors)));
    }
  }

  private static double number(Map<?, ?> options, String name) {
    return options.get(name) == null ? 0 : ((Number) options.get(name)).doubleValue();
  }

  private static void compare(GoldenPictures.Run run, List<GeneratedImage> images) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor latents = golden.tensor("run" + run.index() + ".latents");
      Tensor pictures = golden.tensor("run" + run.index() + ".images");
      assertEquals(pictures.size(0), images.size());
      for (int i = 0; i < images.size(); i++) {
        Latents drawn = images.get(i).latents();
        Closeness.assertWithinSpread(1e-4, latents.narrow(0, i, 1), drawn.tensor(), run + " latents");
        Closeness.assertWithin(1e-3, pictures.select(0, i), torch.tensor(images.get(i).pixels())
            .view(pictures.size(1), pictures.size(2), pictures.size(3)), run + " image");
      }
    }
  }
}
