package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Run;
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
class ImageParityTest {
  private static final Map<String, GoldenFolder> FOLDERS = new HashMap<>();
  private static GoldenImages golden;

  @TempDir
  private static Path scratch;

  @BeforeAll
  static void open() {
    golden = GoldenImages.open("pictures", scratch);
  }

  @AfterAll
  static void close() {
    golden.close();
    FOLDERS.clear();
  }

  static List<GoldenImages.Run> runs() {
    return GoldenImages.runs("pictures");
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesOverImagesAsDiffusers(GoldenImages.Run run) {
    GoldenFolder folder = FOLDERS.computeIfAbsent(
        run.text("folder"),
        name -> GoldenFolder.write(name, GoldenFolder.KeyFormat.CURRENT, scratch));
    folder.schedule(run.scheduler());
    try (BaseModel base = BaseModel.open(folder.path(), Compute.EXACT)) {
      golden.compare(run, base.generateAll(golden.request(run), Run.silent()));
    }
  }

  static List<GoldenImages.Run> consistencyRuns() {
    return GoldenImages.runs("consistency");
  }

  @ParameterizedTest
  @MethodSource("consistencyRuns")
  void generatesAsLatentConsistencyPipelines(GoldenImages.Run run, @TempDir Path own) {
    GoldenFolder folder =
        GoldenFolder.write(run.text("folder") + "-told", GoldenFolder.KeyFormat.CURRENT, own);
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(folder.path(), Compute.EXACT);
        GoldenImages told = GoldenImages.open("consistency", own)) {
      Closeness.assertWithinSpread(
          1e-4,
          told.tensor("run" + run.index() + ".latents"),
          Closeness.sampledPixels(base.generate(golden.request(run)).latents().toTensor()),
          run.toString());
    }
  }
}
