package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.HiresFix;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.InitialImage;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.tensor.TensorScope;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class PictureParityTest {
  private static final Map<String, GoldenFolder> FOLDERS = new HashMap<>();
  private static GoldenPictures golden;

  @TempDir
  private static Path scratch;

  @BeforeAll
  static void open() {
    golden = GoldenPictures.open("pictures", scratch);
  }

  @AfterAll
  static void close() {
    golden.close();
    FOLDERS.clear();
  }

  static List<GoldenPictures.Run> runs() {
    return GoldenPictures.runs("pictures");
  }

  @ParameterizedTest
  @MethodSource("runs")
  void drawsOverPicturesAsDiffusersDoes(GoldenPictures.Run run) {
    GoldenFolder folder = FOLDERS.computeIfAbsent(run.text("folder"),
        name -> GoldenFolder.write(name, GoldenFolder.Spelling.TODAY, scratch));
    folder.schedule(run.scheduler());
    try (BaseModel base = BaseModel.open(folder.path(), Compute.EXACT)) {
      compare(run, base.generate(request(run), Progress.SILENT, new Cancellation()));
    }
  }

  private static ImageRequest request(GoldenPictures.Run run) {
    ImageRequest plain = ImageRequest.of(run.text("prompt")).negative(run.text("negative"))
        .guidance(run.number("guidance", 0)).steps(run.integer("steps")).seed(run.firstSeed()).count(run.count())
        .size(run.integer("width"), run.integer("height"));
    return run.text("kind").equals("latents") ? plain.hires(HiresFix.latents(1.5, run.number("strength", 0)))
        : plain.from(initial(run));
  }

  private static InitialImage initial(GoldenPictures.Run run) {
    InitialImage initial = InitialImage.of(golden.picture("picture" + run.integer("picture")))
        .strength(run.number("strength", Double.NaN));
    if (run.text("kind").equals("inpaint")) {
      initial = initial.mask(golden.picture("mask" + run.integer("mask")));
    } else if (run.text("kind").equals("differential")) {
      initial = initial.change(golden.picture("mask1"));
    }
    return initial;
  }

  private static void compare(GoldenPictures.Run run, List<GeneratedImage> images) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor latents = golden.tensor("run" + run.index() + ".latents");
      Tensor pictures = golden.tensor("run" + run.index() + ".images");
      assertEquals(pictures.size(0), images.size());
      for (int i = 0; i < images.size(); i++) {
        Closeness.assertWithinSpread(1e-4, latents.narrow(0, i, 1), images.get(i).latents().tensor(), run + " latents");
        Closeness.assertWithin(1e-3, pictures.select(0, i), torch.tensor(images.get(i).pixels())
            .view(pictures.size(1), pictures.size(2), pictures.size(3)), run + " image");
      }
    }
  }
}
