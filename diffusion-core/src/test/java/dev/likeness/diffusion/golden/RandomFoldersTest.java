package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Draws from folders of random shapes and options, which {@code tools/goldens/random_folders.py}
 * saves with diffusers.
 */
@ExtendWith(NoTensorLeaks.class)
@EnabledIfSystemProperty(
    named = "likeness.folders",
    matches = ".+",
    disabledReason = "wants -Dlikeness.folders=DIR")
class RandomFoldersTest {
  private static final Path ROOT = Path.of(System.getProperty("likeness.folders", ""));

  static List<GoldenImages.Run> runs() throws IOException {
    return GoldenImages.runs(ROOT.resolve("reference.json.gz").toUri().toURL());
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesAsDiffusers(GoldenImages.Run run) throws IOException {
    Path folder = ROOT.resolve(run.text("folder"));
    Path index = folder.resolve("model_index.json");
    Path scheduler = folder.resolve("scheduler/scheduler_config.json");
    byte[] named = Files.readAllBytes(index);
    byte[] own = Files.readAllBytes(scheduler);
    GoldenFolder.schedule(folder, run.scheduler());
    try (GoldenImages golden = GoldenImages.open(ROOT.resolve("reference.safetensors"));
        BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      golden.compareImages(run, base.generateAll(golden.request(run), Run.silent()));
    } finally {
      Files.write(index, named);
      Files.write(scheduler, own);
    }
  }
}
