package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.portrait.people.Attribute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class LatentReaderTest {
  private static final int IMAGES = 8;
  private static final int HELD = 4;
  private static final int STEPS = 40;

  @TempDir
  private Path folder;

  @Test
  void learnsItsImagesToTheSameBitsWhetherStoppedOrNot() throws IOException {
    Path unbroken = folder.resolve("unbroken.safetensors");
    Path broken = folder.resolve("broken.safetensors");
    try (LatentSet data = NoiseLatents.of(folder, IMAGES)) {
      training(data).run(unbroken, STEPS);
      training(data).runTo(broken, STEPS, 3);
      training(data).run(broken, STEPS);
      assertArrayEquals(Files.readAllBytes(unbroken), Files.readAllBytes(broken));
      try (TensorScope scope = TensorScope.open();
          LatentReader reader = LatentReader.open(unbroken)) {
        int[] learnt = IntStream.range(0, IMAGES - HELD).toArray();
        Tensor latents = data.latents(learnt).requires_grad_(true);
        Tensor told = reader.all(latents);
        PersonTraits traits = PersonTraits.of(
            IntStream.range(0, IMAGES).mapToObj(new PortraitRenders(1)::person).toList());
        int words =
            Stream.of(Attribute.values()).mapToInt(a -> a.words().size()).sum();
        assertEquals(traits.count() + words, told.size(1));
        double untold = torch
            .mse_loss(told.narrow(1, 0, traits.count()), traits.of(learnt, 1))
            .item_double();
        assertTrue(
            untold < 0.7 * traits.of(learnt, 1).square().mean().item_double(),
            untold + " of the traits untold");
        told.sum().backward();
        assertTrue(latents.grad().abs().sum().item_double() > 0, "errors come back to the latents");
        latents.grad().close();
      }
    }
  }

  @Test
  void goesOnFromWhatAnotherLearnt() {
    Path first = folder.resolve("first.safetensors");
    Path second = folder.resolve("second.safetensors");
    try (LatentSet data = NoiseLatents.of(folder, IMAGES);
        TensorScope scope = TensorScope.open()) {
      training(data).run(first, STEPS);
      LatentReaderTraining further = training(data);
      further.startFrom(first);
      further.run(second, 1);
      int[] learnt = IntStream.range(0, IMAGES - HELD).toArray();
      double before = untold(first, data, learnt);
      assertEquals(before, untold(second, data, learnt), 0.3 * before);
    }
  }

  private static double untold(Path state, LatentSet data, int[] images) {
    PersonTraits traits = PersonTraits.of(
        IntStream.range(0, IMAGES).mapToObj(new PortraitRenders(1)::person).toList());
    try (LatentReader reader = LatentReader.open(state)) {
      return torch
          .mse_loss(
              reader.all(data.latents(images)).narrow(1, 0, traits.count()), traits.of(images, 1))
          .item_double();
    }
  }

  private static LatentReaderTraining training(LatentSet data) {
    return new LatentReaderTraining(data, new PortraitRenders(1), HELD, 1);
  }
}
