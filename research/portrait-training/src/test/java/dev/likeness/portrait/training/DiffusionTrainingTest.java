package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.schedulers.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class DiffusionTrainingTest {
  private static final int VOCABULARY = 20;
  private static final int PORTRAIT_VOCABULARY = 951;
  private static final DiffusionTraining.Recipe RECIPE =
      new DiffusionTraining.Recipe(4, 2, 2, 1e-3);

  @Test
  void endsAtTheSameBitsWhenItIsStoppedAndGoneOnWith(@TempDir Path folder) throws IOException {
    try (LatentSet data = NoiseLatents.of(folder, 6)) {
      Path unbroken = folder.resolve("unbroken.safetensors");
      Path broken = folder.resolve("broken.safetensors");
      training(data).run(unbroken, RECIPE, step -> {});
      int[] saves = new int[1];
      training(data).runTo(broken, RECIPE, 3, step -> saves[0]++);
      training(data).run(broken, RECIPE, step -> saves[0]++);
      assertEquals(2, saves[0]);
      assertArrayEquals(Files.readAllBytes(unbroken), Files.readAllBytes(broken));
    }
  }

  @Test
  void aStateTellsAllNumbersThatItWentBy(@TempDir Path folder) throws IOException {
    try (LatentSet data = NoiseLatents.of(folder, 6)) {
      Path state = folder.resolve("state.safetensors");
      assertEquals("rate=1", FirstWeights.told(state, "rate=1"));
      DiffusionTraining training = training(data);
      training.tell(Map.of("numbers", "rate=1"));
      training.runTo(state, RECIPE, 2, step -> {});
      assertEquals("rate=1", FirstWeights.told(state, "rate=1"));
      String both = FirstWeights.told(state, "rate=2");
      training.tell(Map.of("numbers", both));
      training.run(state, RECIPE, step -> {});
      assertEquals("rate=1, then rate=2", FirstWeights.told(state, "rate=2"));
    }
  }

  @Test
  void learnsByWhatItsOwnDrawingsLack(@TempDir Path folder) throws IOException {
    Path reader = folder.resolve("reader.safetensors");
    try (LatentSet data = NoiseLatents.of(folder, 6)) {
      new LatentReaderTraining(data, new PortraitRenders(1), 2, 1).run(reader, 20);
      Path without = folder.resolve("without.safetensors");
      training(data).run(without, RECIPE, step -> {});
      Path with = folder.resolve("with.safetensors");
      try (LatentReaders told = LatentReaders.open(List.of(reader));
          FeedbackLoss loss = new FeedbackLoss(
              data, new PortraitRenders(1), told, 1e3, Architecture.GUIDANCE, RECIPE, 2)) {
        DiffusionTraining training = training(data);
        training.please(loss);
        training.run(with, RECIPE, step -> {});
        Path broken = folder.resolve("broken.safetensors");
        training.runTo(broken, RECIPE, 2, step -> {});
        training.run(broken, RECIPE, step -> {});
        assertArrayEquals(
            Files.readAllBytes(with),
            Files.readAllBytes(broken),
            "stopped where drawings begin anew");
      }
      try (TensorScope scope = TensorScope.open();
          Safetensors before = Safetensors.open(without);
          Safetensors after = Safetensors.open(with)) {
        String name = "weights.unet.conv_out.weight";
        assertTrue(
            after.read(name).sub(before.read(name)).abs().max().item_double() > 1e-6,
            "it learns something else");
      }
    }
  }

  @Test
  void goesOnFromAFinishedModel(@TempDir Path folder) {
    Path state = folder.resolve("state.safetensors");
    try (LatentSet data = NoiseLatents.of(folder, 6)) {
      DiffusionTraining training = training(data);
      training.startFrom(PortraitModel.files());
      assertThrows(
          InvalidInputException.class,
          () -> training.run(state, RECIPE, step -> {}),
          "another vocabulary");
      DiffusionTraining fitting = training(data, PORTRAIT_VOCABULARY);
      fitting.startFrom(PortraitModel.files());
      fitting.run(state, new DiffusionTraining.Recipe(1, 1, 1, 1e-9), step -> {});
    }
    Path released = PortraitModel.files().resolve("unet/diffusion_pytorch_model.safetensors");
    try (TensorScope scope = TensorScope.open();
        Safetensors before = Safetensors.open(released);
        Safetensors after = Safetensors.open(state)) {
      for (String name : before.names()) {
        Tensor now = after.read("weights.unet." + name);
        assertTrue(
            torch.allclose(before.read(name).to(ScalarType.Float), now, 1e-6, 1e-7, false), name);
      }
    }
  }

  private static DiffusionTraining training(LatentSet data) {
    return training(data, VOCABULARY);
  }

  private static DiffusionTraining training(LatentSet data, int vocabulary) {
    SchedulerConfig scheduler = SchedulerConfig.of(Architecture.scheduler());
    return new DiffusionTraining(
        data,
        new DiffusionObjective(scheduler.noiseSchedule(), scheduler.prediction(), 0),
        vocabulary,
        1);
  }
}
