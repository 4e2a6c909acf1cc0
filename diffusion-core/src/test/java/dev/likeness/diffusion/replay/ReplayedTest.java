package dev.likeness.diffusion.replay;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.Joints;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.tensor.TensorScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class ReplayedTest {
  @TempDir
  private Path folder;

  /** What a device would replay is only what it was given when it recorded: nothing may come in beside the buffers. */
  @Test
  void copiesInputsIntoTheBuffersThatWereRecordedAndAnswersInMemoryOfItsOwn() {
    List<Long> seen = new ArrayList<>();
    try (TensorScope scope = TensorScope.open(); Replayed replayed = new Replayed(Recorder.REPEATING)) {
      Runner.Work doubled = in -> {
        seen.add(in[0].data_ptr().address());
        return in[0].add(in[0]);
      };
      Tensor first = replayed.run("a", doubled, torch.tensor(1f, 2f));
      Tensor second = replayed.run("a", doubled, torch.tensor(3f, 4f));
      assertArrayEquals(new float[] {2, 4}, Images.floats(first));
      assertArrayEquals(new float[] {6, 8}, Images.floats(second));
      assertEquals(1, seen.stream().distinct().count());
      assertEquals(1, replayed.size());
      replayed.run("b", doubled, torch.tensor(3f, 4f));
      replayed.run("a", doubled, torch.tensor(3f, 4f, 5f));
      assertEquals(3, replayed.size(), "another layout and another shape are recorded for themselves");
    }
  }

  @Test
  void runsAsItComesWhatCannotBeRecorded() {
    Recorder none = work -> {
      throw new IllegalStateException("the card waits for the host here");
    };
    try (TensorScope scope = TensorScope.open(); Replayed replayed = new Replayed(none)) {
      assertArrayEquals(new float[] {4}, Images.floats(replayed.run("a", in -> in[0].mul(in[0]), torch.tensor(2f))));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "xl-base", "flux/dev", "sd3/three", "klein/base", "zimage/turbo"})
  void drawsTheSamePictures(String family) {
    Path golden = family.contains("/") ? PipelineFolder.write(family, folder).path()
        : GoldenFolder.write(family, GoldenFolder.Spelling.TODAY, folder).path();
    ImageRequest ask = ImageRequest.of("a man").steps(3).size(32, 32).seed(3).count(2);
    int[] replays = new int[1];
    Recorder counting = work -> () -> {
      replays[0]++;
      work.run();
    };
    try (BaseModel base = BaseModel.open(golden, Compute.EXACT)) {
      List<GeneratedImage> plain = base.generate(List.of(ask));
      List<GeneratedImage> again =
          base.generate(List.of(ask.joints(Joints.NONE.running(compute -> new Replayed(counting)))));
      for (int i = 0; i < plain.size(); i++) {
        assertArrayEquals(plain.get(i).pixels(), again.get(i).pixels());
      }
    }
    assertTrue(replays[0] >= 3, replays[0] + " replays in three steps");
  }
}
