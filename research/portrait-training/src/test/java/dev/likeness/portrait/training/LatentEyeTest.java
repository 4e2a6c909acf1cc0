package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class LatentEyeTest {
  private static final int PEOPLE = 4;
  private static final int IMAGES = PEOPLE * PeopleRenders.SHOTS;
  private static final int STEPS = 20;

  @TempDir
  private Path folder;

  @Test
  void looksWhereTheFaceIs() {
    float[] upright = {100, 80, 140, 80, 120, 95, 105, 120, 135, 120};
    // Between eyes and mouth lies the middle; 1.7 times their distance of 40 pixels reach to each
    // side.
    assertArrayEquals(
        new float[] {.53125f, 0, -.0625f, 0, .53125f, -.21875f}, LatentEye.place(upright), 1e-6f);
    float[] lying = {176, 100, 176, 140, 161, 120, 136, 105, 136, 135};
    assertArrayEquals(
        new float[] {0, -.53125f, .21875f, .53125f, 0, -.0625f}, LatentEye.place(lying), 1e-6f);
  }

  @Test
  void learnsWhoIsShownToTheSameBitsWhetherStoppedOrNot() throws IOException {
    PeopleRenders renders = new PeopleRenders(1);
    Path file = folder.resolve("people.safetensors");
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.best());
        TorchEmbedder seer =
            TorchEmbedder.open(PortraitModel.files().resolve("ip_adapter/face_embedder"))) {
      RenderStore store = new RenderStore(folder);
      store.fill(IMAGES, renders::image, done -> {});
      new PeopleLatents(base, store, renders, seer).write(file, IMAGES, done -> {});
    }
    Path unbroken = folder.resolve("unbroken.safetensors");
    Path broken = folder.resolve("broken.safetensors");
    try (LatentEyeTraining training = new LatentEyeTraining(file, renders, PEOPLE, 1)) {
      training.runTo(unbroken, STEPS, STEPS);
      training.runTo(broken, STEPS, 3);
      training.runTo(broken, STEPS, STEPS);
      assertArrayEquals(Files.readAllBytes(unbroken), Files.readAllBytes(broken));
    }
    tellsPeopleApart(file, unbroken);
  }

  private static void tellsPeopleApart(Path file, Path state) {
    int[] all = IntStream.range(0, IMAGES).toArray();
    try (TensorScope scope = TensorScope.open();
        Safetensors known = Safetensors.open(file);
        LatentEye eye = LatentEye.open(state)) {
      Tensor latents = known.read("latents").to(ScalarType.Float).requires_grad_(true);
      Tensor told = eye.forward(latents, LatentEyeTraining.rows(known.read("places"), all));
      Tensor persons = told.view(PEOPLE, PeopleRenders.SHOTS, -1);
      double within = persons
          .sub(persons.mean(new long[] {1}, true, new ScalarTypeOptional()))
          .square()
          .mean()
          .item_double();
      assertTrue(
          within < 0.5 * told.var(0).mean().item_double(),
          "images of one person are told alike: " + within);
      told.sum().backward();
      assertTrue(latents.grad().abs().sum().item_double() > 0, "errors come back to the latents");
      assertEquals(0, torch.isnan(latents.grad()).sum().item_int());
      latents.grad().close();
    }
  }
}
