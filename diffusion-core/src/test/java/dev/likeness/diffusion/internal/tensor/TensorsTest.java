package dev.likeness.diffusion.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class TensorsTest {
  @Test
  void movesNothingOnACpu() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor host = torch.tensor(1f, 2f);
      assertSame(host, Tensors.toDeviceOf(torch.zeros(1), host));
      assertFalse(host.is_pinned());
    }
  }

  @Test
  void knowsACardByItsNumber() {
    Compute first = new Compute("cuda", DType.BF16);
    Compute second = new Compute("cuda:1", DType.BF16);
    assertTrue(Tensors.isOn(first, 0) && Tensors.isOn(new Compute("cuda:0", DType.F32), 0));
    assertTrue(Tensors.isOn(second, 1) && Tensors.isOn(Compute.EXACT, -1));
    assertFalse(Tensors.isOn(second, 0) || Tensors.isOn(first, 1));
    assertFalse(Tensors.isOn(first, -1) || Tensors.isOn(Compute.EXACT, 0));
  }
}
