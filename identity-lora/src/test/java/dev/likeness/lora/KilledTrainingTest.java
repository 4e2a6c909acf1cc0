package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.OtherJvm;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A training in a process of its own, killed without warning and taken up again;
 * -Dlikeness.kills=20 kills it more often.
 */
class KilledTrainingTest {
  private static final int KILLS = Integer.getInteger("likeness.kills", 3);
  /** Every second kill comes after another save, of which there is one in 25 steps. */
  private static final int STEPS = 25 * KILLS + 85;

  /**
   * Learns {@code args[0]} steps on the base {@code args[1]} into {@code args[2]}, its state in
   * {@code args[3]}.
   */
  public static final class Trainer {
    private Trainer() {}

    public static void main(String[] args) {
      byte[] rgb = new byte[16 * 16 * 3];
      new Random(5).nextBytes(rgb);
      TrainingSettings settings = TrainingSettings.balanced()
          .rank(1)
          .batchSize(1)
          .steps(Integer.parseInt(args[0]))
          .trainTextEncoder(false)
          .targetModules("unet\\.mid_block\\..*attn2\\.to_k")
          .emaDecay(0.9)
          .gradientAccumulationSteps(2);
      TrainingSet set = TrainingSet.of(List.of(RgbImage.of(16, 16, rgb)), PersonToken.of("woman"));
      try (BaseModel base = BaseModel.open(Path.of(args[1]), Compute.EXACT);
          LoraPerson person = new LoraTrainer(settings)
              .train(base, args.length > 3 ? set.stateFile(Path.of(args[3])) : set, Run.silent())) {
        person.save(Path.of(args[2]));
      }
    }
  }

  private static Process start(Path... args) throws IOException {
    ProcessBuilder command = OtherJvm.command(Trainer.class, STEPS);
    Stream.of(args).map(Path::toString).forEach(command.command()::add);
    return command
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static void awaitSave(Process process, Path state)
      throws IOException, InterruptedException {
    long seen = Files.exists(state) ? Files.getLastModifiedTime(state).toMillis() : 0;
    long begun = System.nanoTime();
    while (process.isAlive()
        && (!Files.exists(state) || Files.getLastModifiedTime(state).toMillis() == seen)) {
      TimeUnit.MILLISECONDS.sleep(5);
      if (System.nanoTime() - begun > TimeUnit.MINUTES.toNanos(10)) {
        process.destroyForcibly();
        fail("the run hangs: it keeps nothing");
      }
    }
  }

  @Tag("slow")
  @Test
  void endsWithTheSameFileAfterAnyNumberOfKills(@TempDir Path files)
      throws IOException, InterruptedException {
    Path base =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, files).path();
    Path unbroken = files.resolve("unbroken.safetensors");
    assertEquals(0, OtherJvm.exitOf(start(base, unbroken)), "the unbroken run failed");
    Path person = files.resolve("person.safetensors");
    Path state = files.resolve("state.safetensors");
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int killed = 0;
    int opening = 0;
    for (int i = 0; i < KILLS; i++) {
      long begun = System.nanoTime();
      Process process = start(base, person, state);
      // By turns in the steps after its next save, and while it opens, takes up what is kept and
      // goes on to a save.
      if (i % 2 == 0) {
        awaitSave(process, state);
        opening = Math.max(opening, (int) TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
      }
      process.waitFor(random.nextInt(i % 2 == 0 ? 200 : opening), TimeUnit.MILLISECONDS);
      assertTrue(
          process.isAlive() || process.exitValue() == 0,
          "the run that began after " + i + " kills failed, seed " + seed);
      killed += process.isAlive() ? 1 : 0;
      process.destroyForcibly().waitFor();
    }
    assertTrue(killed > 0, "every run was over before its kill, seed " + seed);
    assertEquals(
        0, OtherJvm.exitOf(start(base, person, state)), "the resumed run failed, seed " + seed);
    assertArrayEquals(Files.readAllBytes(unbroken), Files.readAllBytes(person));
  }
}
