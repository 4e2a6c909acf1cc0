package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.photos.face.Face;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.portrait.training.adapter.TrainingPair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class TrainPartsTest {
  private static final int PEOPLE = 4;

  @TempDir
  private Path folder;

  @Test
  void endsAtTheSameBitsWhenItIsStoppedAndGoneOnWith() throws IOException {
    PeopleRenders renders = new PeopleRenders(1);
    RenderStore store = new RenderStore(folder);
    store.fill(PEOPLE * PeopleRenders.SHOTS, renders::image, done -> {});
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best());
        PeopleSeen seen = new PeopleSeen(store, PEOPLE * PeopleRenders.SHOTS, done -> {});
        EncodedCrops crops =
            new EncodedCrops(store, 2, EngineAccess.model(base).autoencoder(), done -> {});
        SeenError sight = SeenError.byCaptioner(PortraitModel.files())) {
      ImageEncoderTraining encoder = new ImageEncoderTraining(seen, renders, 4, 1);
      PreviewTraining preview = new PreviewTraining(crops, 1);
      Path before = FirstWeights.autoencoder(PortraitModel.files());
      DecoderTraining decoder = new DecoderTraining(
          crops,
          sight,
          Architecture.autoencoderConfig(FirstWeights.scale(PortraitModel.files())),
          before,
          1);
      resumes(encoder.loop(2), encoder::step, "encoder");
      resumes(preview.loop(2), preview::step, "preview");
      AutoencoderTuning whole = new AutoencoderTuning(
          store,
          3,
          2,
          sight,
          Architecture.autoencoderConfig(FirstWeights.scale(PortraitModel.files())),
          before,
          1);
      resumes(decoder.loop(2), decoder::step, "decoder");
      resumes(whole.loop(2), whole::step, "whole");
      assertLearnt(
          before,
          folder.resolve("decoder-unbroken"),
          name -> name.startsWith("decoder.") || name.startsWith("post_quant_conv."));
      assertLearnt(before, folder.resolve("whole-unbroken"), name -> true);
    }
  }

  private static void assertLearnt(Path before, Path after, Predicate<String> those) {
    try (TensorScope scope = TensorScope.open();
        Safetensors old = Safetensors.open(before);
        Safetensors learnt = Safetensors.open(after)) {
      for (String name : old.names()) {
        boolean same = learnt.read("ema." + name).equal(old.read(name).to(ScalarType.Float));
        assertEquals(those.test(name), !same, name);
      }
    }
  }

  private void resumes(TrainingLoop loop, TrainingLoop.Step step, String name) throws IOException {
    Path unbroken = folder.resolve(name + "-unbroken");
    Path broken = folder.resolve(name + "-broken");
    loop.run(unbroken, step, (weights, number) -> {});
    loop.runTo(broken, 1, step, (weights, number) -> {});
    loop.run(broken, step, (weights, number) -> {});
    assertArrayEquals(Files.readAllBytes(unbroken), Files.readAllBytes(broken), name);
  }

  @Test
  void pairsEveryImageWithAnothersFace() {
    PeopleRenders renders = new PeopleRenders(1);
    RenderStore store = new RenderStore(folder);
    int count = 2 * PeopleRenders.SHOTS;
    store.fill(count, renders::image, done -> {});
    PairList pairs = new PairList(store, renders, 2, i -> new float[] {i});
    assertEquals(count, pairs.size());
    for (int i = 0; i < count; i++) {
      TrainingPair pair = pairs.get(i);
      int other = (int) pair.reference().face().orElseThrow()[0];
      assertEquals(i / PeopleRenders.SHOTS, other / PeopleRenders.SHOTS);
      assertNotEquals(i, other);
      assertEquals(
          i, only(count, n -> Arrays.equals(store.image(n).rgb(), pair.target().rgb())));
    }
  }

  private static int only(int count, IntPredicate right) {
    return IntStream.range(0, count).filter(right).findFirst().orElseThrow();
  }

  @Test
  void putsEyesAndMouthALittleAstray() {
    PeopleRenders renders = new PeopleRenders(1);
    for (long index = 0; index < 8; index++) {
      Face.Landmarks exact =
          EmbedderTrial.face(renders.landmarks(index)).landmarks().orElseThrow();
      Face.Landmarks found = renders.face(index).landmarks().orElseThrow();
      double eyes = exact.points().get(0).distance(exact.points().get(1));
      for (int i = 0; i < exact.points().size(); i++) {
        double astray = exact.points().get(i).distance(found.points().get(i)) / eyes;
        assertTrue(astray > 0 && astray < 0.25, index + ": " + astray);
      }
    }
  }

  @Test
  void namesTheNumbersItKnows() {
    assertEquals(7, PartNumbers.of(List.of("people=7")).of("people"));
    assertEquals(Set.of("preview"), PartNumbers.of(List.of("stages=preview")).stages());
    assertEquals(
        "peopel=7 is unknown; known names, each with =VALUE: seed, people, encoderSteps, encoderBatch, eyeSteps,"
            + " adapterSteps,"
            + " adapterBatch, decoderPictures, decoderSteps, previewPictures, previewSteps, fewStepPictures,"
            + " fewStepSteps, fewStepBatch, guidance, stages, start, eyes",
        assertThrows(IllegalArgumentException.class, () -> PartNumbers.of(List.of("peopel=7")))
            .getMessage());
    assertEquals(
        "stages=previw; known stages: image-encoder,image-adapter,adapter,decoder,preview,few-step",
        assertThrows(IllegalArgumentException.class, () -> PartNumbers.of(List.of("stages=previw")))
            .getMessage());
  }
}
