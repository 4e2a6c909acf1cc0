package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.portrait.PortraitModel;
import java.nio.file.Path;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class SeenErrorTest {
  @Test
  void refusesEyesThatAreNotThereOrThatNothingLooksThrough() {
    Path nowhere = Path.of("nowhere.safetensors");
    assertTrue(assertThrows(InvalidInputException.class, () -> SeenError.require(nowhere, true))
        .getMessage()
        .contains("nowhere.safetensors is not there"));
    assertTrue(assertThrows(IllegalArgumentException.class, () -> SeenError.require(nowhere, false))
        .getMessage()
        .contains("no eyes="));
    SeenError.require(null, false);
  }

  @Test
  void blurIsSeenMoreThanWhatTheEyeForgives() {
    PeopleRenders renders = new PeopleRenders(1);
    try (TensorScope scope = TensorScope.open();
        SeenError seen = SeenError.byCaptioner(PortraitModel.files());
        NoiseSource noise = NoiseSource.seeded(1)) {
      Tensor sharp = ImageTensors.toSigned(renders.image(0));
      assertEquals(0, seen.of(sharp, sharp).item_double(), 1e-6);
      Tensor blurred = Alteration.halfSoftened(sharp.expand(2, -1, -1, -1), 64).narrow(0, 0, 1);
      double apart = blurred.sub(sharp).square().mean().item_double();
      Tensor lighter = sharp.add(new Scalar(Math.sqrt(apart)));
      double blur = seen.of(blurred, sharp).item_double();
      double light = seen.of(lighter, sharp).item_double();
      assertTrue(blur > 2 * light, "as far off in pixels: blurred " + blur + ", lighter " + light);
      Tensor learnt = blurred.clone().set_requires_grad(true);
      seen.of(learnt, sharp).backward();
      Tensor better = blurred.sub(
          learnt.grad().mul(new Scalar(1 / learnt.grad().abs().max().item_double() / 50)));
      assertTrue(seen.of(better, sharp).item_double() < blur, "its gradient leads back");
    }
  }

  @Test
  void everySecondImageIsAsTheModelGuessesIt(@TempDir Path folder) {
    PeopleRenders renders = new PeopleRenders(1);
    RenderStore store = new RenderStore(folder);
    store.fill(2, renders::image, done -> {});
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best());
        TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      DrawnLatents drawn = new DrawnLatents(base, store, renders);
      for (int i = 0; i < 2; i++) {
        Tensor clean = EngineAccess.model(base)
            .autoencoder()
            .encode(Tensors.place(base.compute(), ImageTensors.toSigned(store.image(i))))
            .mode();
        double apart = drawn.of(i).sub(clean).square().mean().item_double()
            / clean.square().mean().item_double();
        assertEquals(i == 0, apart == 0, "of image " + i);
        assertTrue(apart < 0.3, "a guess from a little noise is close: " + apart);
      }
    }
  }
}
