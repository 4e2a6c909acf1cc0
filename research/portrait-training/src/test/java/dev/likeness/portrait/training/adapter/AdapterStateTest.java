package dev.likeness.portrait.training.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.io.FullDisk;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.portrait.training.PerceptualLoss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a training leaves when it ends badly. */
@ExtendWith(NoTensorLeaks.class)
class AdapterStateTest {
  private static final AdapterTraining PORTRAIT = AdapterTrainingTest.kind(
      AdapterTrainingTest.BASE.steps(27).batchSize(1), MethodRegistry.FACE_ID_PORTRAIT, 6, null);
  private static final String ADVICE =
      "train with a lower learning rate, or in f32 instead of a half type";
  private static BaseModel base;

  @TempDir
  private Path folder;

  private Path file;
  private Path state;
  private int steps;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  @BeforeEach
  void namesTheFiles() {
    file = folder.resolve("adapter.safetensors");
    state = folder.resolve("state.safetensors");
  }

  private double train(AdapterTraining settings, PerceptualLoss loss, Progress progress) {
    return settings.train(
        base, null, AdapterTrainingTest.pairs(), loss, file, state, Run.of(progress));
  }

  private final Progress stepCounter = event ->
      steps += event instanceof ProgressEvent.Step step && step.phase().equals("train") ? 1 : 0;

  /**
   * Of no loss and without a gradient that is a number from that step on: a root's slope at nothing
   * is infinite.
   */
  private PerceptualLoss infiniteFrom(int step) {
    return new PerceptualLoss(
        "steep",
        (latents, images) -> {
          Tensor nothing = latents.flatten(2, -1).mean(2).mul(new Scalar(0.0));
          return steps >= step ? nothing.abs().sqrt() : nothing;
        },
        1,
        0);
  }

  @Test
  void keepsTheStateFromBeforeGradientsThatAreNotFinite() throws IOException {
    List<byte[]> kept = new ArrayList<>();
    Progress noting = event -> {
      stepCounter.onEvent(event);
      if (steps == 26 && kept.isEmpty()) {
        kept.add(bytes(state));
      }
    };
    assertEquals(
        "the gradients' length is NaN (completed steps: 26); delete " + state
            + ", which is as it was saved last, and " + ADVICE,
        assertThrows(InvalidInputException.class, () -> train(PORTRAIT, infiniteFrom(26), noting))
            .getMessage());
    assertArrayEquals(kept.get(0), Files.readAllBytes(state));
    assertFalse(Files.exists(file));
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void writesNoWeightsThatAreNotFinite() throws IOException {
    train(PORTRAIT, null, stepCounter);
    Files.delete(file);
    try (TensorScope scope = TensorScope.open();
        Safetensors saved = Safetensors.open(state)) {
      Map<String, Tensor> tensors = new HashMap<>();
      saved.names().forEach(name -> tensors.put(name, saved.read(name).clone()));
      tensors.entrySet().stream()
          .filter(tensor -> tensor.getKey().startsWith("weights."))
          .findFirst()
          .orElseThrow()
          .getValue()
          .fill_(new Scalar(Double.NaN));
      SafetensorsWriter.write(state, tensors, saved.header().metadata());
    }
    assertEquals(
        "the largest weight is NaN (completed steps: 27); delete " + state
            + ", which is as it was saved last, and " + ADVICE,
        assertThrows(InvalidInputException.class, () -> train(PORTRAIT, null, stepCounter))
            .getMessage());
    assertFalse(Files.exists(file));
  }

  @Test
  void continuesIfTheDiskIsTooFullForTheState() {
    List<String> notices = new ArrayList<>();
    Progress noting = event -> {
      stepCounter.onEvent(event);
      if (event instanceof ProgressEvent.Notice notice) {
        notices.add(notice.message());
      }
    };
    try (FullDisk full = FullDisk.after(1000)) {
      assertTrue(assertThrows(ResourceLimitException.class, () -> train(PORTRAIT, null, noting))
          .getMessage()
          .startsWith("cannot write " + file));
    }
    assertEquals(27, steps);
    String reason = " is not kept, the training goes on: cannot write " + state
        + ": No space left on device; make room on the disk, or choose another place";
    assertEquals(List.of("step 25" + reason, "step 27" + reason), notices);
  }

  @Test
  void writesTheAdapterOfAFinishedStateWithoutAnotherStep() throws IOException {
    train(PORTRAIT, null, stepCounter);
    byte[] written = Files.readAllBytes(file);
    Files.delete(file);
    assertTrue(Double.isNaN(train(PORTRAIT, null, stepCounter)));
    assertEquals(27, steps);
    assertArrayEquals(written, Files.readAllBytes(file));
  }

  @Test
  void deletesPartialStatesOfKilledTrainings() throws IOException {
    Path left =
        Files.createFile(folder.resolve(".state.safetensors." + UUID.randomUUID() + ".part"));
    train(PORTRAIT.steps(1), null, stepCounter);
    assertFalse(Files.exists(left));
  }

  @Test
  void refusesAPlaceThatCannotBeWrittenBeforeTheFirstStep() throws IOException {
    file = Files.createFile(folder.resolve("taken")).resolve("adapter.safetensors");
    assertTrue(assertThrows(ResourceLimitException.class, () -> train(PORTRAIT, null, stepCounter))
        .getMessage()
        .startsWith("cannot write into " + file.getParent()));
    assertEquals(0, steps);
  }
}
