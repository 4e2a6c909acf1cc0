package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.OtherJvm;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingOptimizer;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings on klein and Z-Image in a process of their own, killed and resumed in another. */
class KilledTransformerTrainingTest {
  private static final int STEPS = 5;
  private static final int KILLED_IN = 4;
  private static final int SAVED_EVERY = 2;
  private static final String WAITING = "waiting for the kill";

  private static LoraPerson train(BaseModel base, String optimizer, Path state, Progress seen) {
    byte[] rgb = new byte[16 * 24 * 3];
    new Random(5).nextBytes(rgb);
    TrainingSettings settings = TrainingSettings.balanced()
        .forBase(base)
        .steps(STEPS)
        .warmupSteps(3)
        .learningRate(1e-2)
        .priorPreservation(1, 0.5)
        .optimizer(TrainingOptimizer.valueOf(optimizer))
        .emaDecay(0.9);
    TrainingSet set = TrainingSet.of(List.of(RgbImage.of(16, 24, rgb)), PersonToken.of("woman"))
        .saveInterval(SAVED_EVERY);
    return new LoraTrainer(settings)
        .train(base, state == null ? set : set.stateFile(state), Run.of(seen));
  }

  /** Trains on the base {@code args[0]}, and waits for its end in the middle. */
  public static final class Trainer {
    private Trainer() {}

    public static void main(String[] args) {
      try (BaseModel base = BaseModel.open(Path.of(args[0]), Compute.EXACT)) {
        train(base, args[1], Path.of(args[2]), event -> {
          // The event of a step comes after its update and before its save.
          if (event instanceof ProgressEvent.Step step
              && step.phase().equals("train")
              && step.step() == KILLED_IN) {
            System.out.println(WAITING);
            sleep();
          }
        });
      }
    }

    private static void sleep() {
      try {
        TimeUnit.MINUTES.sleep(10);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static void killInTheMiddle(Path base, String optimizer, Path state)
      throws IOException, InterruptedException {
    Process process = OtherJvm.command(Trainer.class, base, optimizer, state)
        .redirectErrorStream(true)
        .start();
    StringBuilder said = new StringBuilder();
    try (BufferedReader lines = new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = lines.readLine();
      while (line != null && !line.equals(WAITING)) {
        said.append(line).append('\n');
        line = lines.readLine();
      }
      assertEquals(WAITING, line, said.toString());
    } finally {
      process.destroyForcibly();
    }
    assertNotEquals(0, OtherJvm.exitOf(process));
  }

  @Test
  void endsWithTheSameFile(@TempDir Path parent) throws IOException, InterruptedException {
    requireSameFile("zimage/turbo", "ADAMW_SCHEDULE_FREE", parent);
  }

  /** As Z-Image, on a base whose class images take 50 steps. */
  @Test
  @Tag("slow")
  void endsWithTheSameFileOnKlein(@TempDir Path parent) throws IOException, InterruptedException {
    requireSameFile("klein/base", "ADAMW", parent);
  }

  private static void requireSameFile(String variant, String optimizer, Path parent)
      throws IOException, InterruptedException {
    Path folder = PipelineFolder.write(variant, parent).path();
    Path state = parent.resolve("state.safetensors");
    killInTheMiddle(folder, optimizer, state);
    assertEquals("2", SafetensorsHeader.read(state).metadata().get("step"));
    Path resumed = parent.resolve("resumed.safetensors");
    Path whole = parent.resolve("whole.safetensors");
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      int[] steps = new int[1];
      try (LoraPerson person = train(
          base,
          optimizer,
          state,
          event -> steps[0] +=
              event instanceof ProgressEvent.Step step && step.phase().equals("train") ? 1 : 0)) {
        person.save(resumed);
      }
      assertEquals(STEPS - SAVED_EVERY, steps[0], "steps of the resumed training");
      try (LoraPerson person = train(base, optimizer, null, Progress.SILENT)) {
        person.save(whole);
      }
    }
    assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(resumed));
  }
}
