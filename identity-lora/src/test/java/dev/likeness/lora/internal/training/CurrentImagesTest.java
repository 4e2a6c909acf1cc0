package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class CurrentImagesTest {
  /** Without its file, a freed text encoder cannot be read again. */
  @ParameterizedTest
  @ValueSource(strings = {"klein/base", "zimage/turbo"})
  void needNoTextEncoderOncePromptsAreEncoded(String variant, @TempDir Path parent)
      throws IOException {
    Path folder = PipelineFolder.write(variant, parent).path();
    PersonToken person = PersonToken.of("woman");
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TensorRegion region = new TensorRegion();
        TrainableAdapter networks =
            TrainableAdapter.of(TrainingSettings.balanced().forBase(base), person, base)) {
      Function<String, Tensor> values = networks.weights().leaves()::get;
      CurrentImages images = new CurrentImages(
          base,
          person,
          ImageRequest.of("photo of %s").negative("dark").steps(2).guidance(2).size(16, 24));
      List<RgbImage> expected = images.generate(null, networks, values, new Cancellation());
      Conditioning encoded = images.encodePrompts(region);
      assertTrue(EngineAccess.engine(base).freeTextEncoders());
      deleteAll(folder.resolve("text_encoder"));
      assertEquals(expected, images.generate(encoded, networks, values, new Cancellation()));
      assertThrows(
          InvalidInputException.class,
          () -> images.generate(null, networks, values, new Cancellation()));
    }
  }

  private static void deleteAll(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> inside = Files.list(folder)) {
      files = inside.toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
