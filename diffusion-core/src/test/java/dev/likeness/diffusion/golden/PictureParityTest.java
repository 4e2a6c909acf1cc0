package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    GoldenFolder folder = FOLDERS.computeIfAbsent(
        run.text("folder"), name -> GoldenFolder.write(name, GoldenFolder.Spelling.TODAY, scratch));
    folder.schedule(run.scheduler());
    try (BaseModel base = BaseModel.open(folder.path(), Compute.EXACT)) {
      golden.compare(run, base.generate(golden.request(run), Progress.SILENT, new Cancellation()));
    }
  }

  static List<GoldenPictures.Run> told() {
    return GoldenPictures.runs("consistency");
  }

  @ParameterizedTest
  @MethodSource("told")
  void drawsAsLatentConsistencyModelsDraw(GoldenPictures.Run run, @TempDir Path own) {
    GoldenFolder folder =
        GoldenFolder.write(run.text("folder") + "-told", GoldenFolder.Spelling.TODAY, own);
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(folder.path(), Compute.EXACT);
        GoldenPictures told = GoldenPictures.open("consistency", own)) {
      Closeness.assertWithinSpread(
          1e-4,
          told.tensor("run" + run.index() + ".latents"),
          Closeness.kept(base.generate(golden.request(run)).latents().tensor()),
          run.toString());
    }
  }
}
