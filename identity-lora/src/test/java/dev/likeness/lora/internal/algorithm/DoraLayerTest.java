package dev.likeness.lora.internal.algorithm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class DoraLayerTest {
  /** Lengths learn by less than the steps that bf16 has near 1. */
  @Test
  void resolvesSmallChangesOfNormsInBf16() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor weight = torch.randn(24, 16);
      LoraDelta nothing = new LoraDelta(torch.randn(4, 16), null, torch.zeros(24, 4), 1);
      Tensor moved = DoraDelta.DoraLayer.rowNorms(weight).mul(new Scalar(1.001));
      Tensor x = torch.randn(8, 16).to(ScalarType.BFloat16);
      Tensor delta = new DoraDelta.DoraLayer(nothing, moved, new LayerWeight.Plain(weight))
          .delta(x)
          .to(ScalarType.Float);
      Tensor own = torch.linear(x.to(ScalarType.Float), weight);
      assertEquals(0.001, delta.norm().item_double() / own.norm().item_double(), 2e-5);
    }
  }
}
