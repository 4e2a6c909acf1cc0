package dev.likeness.lora.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.OnGoldenBase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a training keeps on its way comes back from the state's file, to the bit. */
@ExtendWith(NoTensorLeaks.class)
class ResumedTrainingTest extends OnGoldenBase {
  private static final int STEPS = 6;
  private static final int STOPPED = 4;
  private static final PersonToken SUBJECT = PersonToken.of("woman");

  @TempDir
  private Path folder;

  static Stream<TrainingSettings> settings() {
    // A first factor of rank 8 is large enough for moments in eight bits.
    TrainingSettings usual = TrainingSettings.balanced()
        .rank(8)
        .batchSize(2)
        .steps(STEPS)
        .trainTextEncoder(false)
        .targetModules("unet\\.mid_block\\..*(attn2\\.to_k|conv1)");
    return Stream.of(
        usual.optimizer(TrainingOptimizer.ADAMW_8BIT),
        usual.optimizer(TrainingOptimizer.PRODIGY),
        usual.optimizer(TrainingOptimizer.LION),
        usual.optimizer(TrainingOptimizer.ADAFACTOR),
        usual.warmupSteps(3).optimizer(TrainingOptimizer.ADAMW_SCHEDULE_FREE),
        usual.optimizer(TrainingOptimizer.ADAMW_SCHEDULE_FREE).emaDecay(0.5),
        usual.algorithm(AdapterAlgorithm.DORA).emaDecay(0.5).gradientAccumulationSteps(2),
        usual.algorithm(AdapterAlgorithm.LOKR),
        usual.pivotalTuning(PivotalTuning.of(2)),
        usual.priorPreservation(1, 1),
        usual.trainTextEncoder(true).randomFlip(true));
  }

  @ParameterizedTest
  @MethodSource("settings")
  void resumesAsIfNeverStopped(TrainingSettings settings) {
    float[] whole = train(settings, TrainingSet.of(images(), SUBJECT), Run.silent());
    TrainingSet kept =
        TrainingSet.of(images(), SUBJECT).stateFile(folder.resolve("state.safetensors"));
    Cancellation stop = new Cancellation();
    List<Integer> steps = new ArrayList<>();
    Progress seen = event -> {
      if (event instanceof ProgressEvent.Step step && step.phase().equals("train")) {
        steps.add(step.step());
        if (step.step() == STOPPED) {
          stop.cancel();
        }
      }
    };
    assertThrows(CancelledException.class, () -> train(settings, kept, new Run(seen, stop)));
    assertArrayEquals(whole, train(settings, kept, Run.of(seen)));
    assertEquals(List.of(1, 2, 3, 4, 5, 6), steps);
  }

  /** The saved factors are x = y + (1 - 1 / beta1) (z - y), not the y that gradients came from. */
  @Test
  void savesTheAveragedWeightsOfScheduleFreeTraining() {
    TrainingSettings settings = settings()
        .filter(each -> each.optimizer() == TrainingOptimizer.ADAMW_SCHEDULE_FREE)
        .findFirst()
        .orElseThrow();
    Path state = folder.resolve("state.safetensors");
    Path file = folder.resolve("person.safetensors");
    TrainingSet set = TrainingSet.of(images(), SUBJECT).stateFile(state).saveInterval(STEPS);
    try (LoraPerson person = new LoraTrainer(settings).train(base, set)) {
      person.save(file);
    }
    try (TensorScope scope = TensorScope.open();
        Safetensors saved = Safetensors.open(file);
        Safetensors kept = Safetensors.open(state)) {
      String layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k.lora_B.weight";
      Tensor y = kept.read("weights." + layer);
      Tensor x = y.lerp(kept.read("z." + layer), new Scalar(1 - 1 / 0.9));
      Tensor actual = saved.read(layer).to(ScalarType.Float);
      double moved = x.sub(y).abs().max().item_double();
      double wrong = x.sub(actual).abs().max().item_double();
      // Files have f16 factors: eleven bits.
      assertTrue(wrong <= x.abs().max().item_double() * 0x1p-11, "differs by " + wrong);
      assertTrue(moved > 10 * wrong, "x and y differ by only " + moved);
    }
  }

  private static float[] train(TrainingSettings settings, TrainingSet set, Run run) {
    try (LoraPerson person = new LoraTrainer(settings).train(base, set, run)) {
      return base.generate(
              ImageRequest.of("sks woman").steps(1).guidance(1).size(24, 16).adapter(person.at(1)))
          .pixels();
    }
  }

  private static List<RgbImage> images() {
    Random random = new Random(11);
    byte[] rgb = new byte[24 * 16 * 3];
    return Stream.of(1, 2, 3)
        .map(i -> {
          random.nextBytes(rgb);
          return RgbImage.of(24, 16, rgb.clone());
        })
        .toList();
  }
}
