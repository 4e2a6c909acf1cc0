package dev.likeness.benchmarks;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.nio.file.Path;
import java.util.Locale;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How close is a step of a UNet in bf16, and in 8 bits beside bf16, to the same step in f32? Prints
 * the ratio of the result's size to the difference's, in dB. The input is random; a real input
 * needs a real base. {@code BASE} is a diffusers folder of Stable Diffusion 1.x or 2.x with a
 * calibration, {@code SIDE} the width and height of the image in pixels.
 */
public final class EightBitError {
  private static final long SEED = 11;

  private EightBitError() {}

  public static void main(String[] args) {
    ModelFiles files = ModelFiles.of(Path.of(args[0]));
    int side = Integer.parseInt(args[1]);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor exact = step(files, Compute.of("cpu", "f32"), EightBits.NEVER, side);
      Compute bf16 = Compute.of("cpu", "bf16");
      print("bf16", exact, step(files, bf16, EightBits.NEVER, side));
      print("8 bits", exact, step(files, bf16, EightBits.PRODUCTS, side));
    }
  }

  private static void print(String name, Tensor exact, Tensor near) {
    double share = exact.norm().item_double() / near.sub(exact).norm().item_double();
    System.out.printf(
        Locale.ROOT, "likeness in %s: %.1f dB to its own f32%n", name, 20 * Math.log10(share));
  }

  private static Tensor step(ModelFiles files, Compute compute, EightBits bits, int side) {
    torch.manual_seed(SEED);
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(files, compute, MemoryBudget.unlimited().allow8Bit(bits))) {
      StableDiffusionNetworks model =
          EngineAccess.model(base).networks(StableDiffusionNetworks.class);
      int width = model.unetConfig().levels().get(1).contextWidth();
      Tensor latents = torch.randn(2, model.unetConfig().inChannels(), side / 8, side / 8);
      UNetConditioning text =
          UNetConditioning.text(Tensors.place(compute, torch.randn(2, 77, width)));
      return scope.promote(model
          .unet(Adaptation.NONE)
          .forward(latents, torch.tensor(new float[] {500}), text)
          .to(ScalarType.Float));
    }
  }
}
