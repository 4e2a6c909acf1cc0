package dev.likeness.diffusion.internal.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class PointwiseLinearTest {
  @Test
  void isTheFullyConnectedLayer() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor weight = torch.randn(24, 40);
      for (Tensor x : new Tensor[] {
        torch.randn(70, 40),
        torch.randn(2, 70, 40),
        torch.randn(2, 3, 5, 40),
        torch.randn(2, 40, 70).transpose(1, 2)
      }) {
        for (TensorOptional bias :
            new TensorOptional[] {new TensorOptional(), new TensorOptional(torch.randn(24))}) {
          Tensor expected = torch.linear(x, weight, bias);
          Tensor actual = PointwiseLinear.of(x, new LayerWeight.Plain(weight), bias);
          assertArrayEquals(expected.shape(), actual.shape());
          Closeness.assertWithin(1e-5, expected, actual, "x of " + x.dim() + " dimensions");
        }
      }
    }
  }

  @Test
  void trainsAsTheFullyConnectedLayer() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor x = torch.randn(2, 70, 40);
      Tensor weight = torch.randn(24, 40);
      Tensor bias = torch.randn(24);
      Tensor seen = torch.randn(2, 70, 24);
      Tensor[] expected = gradients(x, weight, bias, seen, false);
      Tensor[] actual = gradients(x, weight, bias, seen, true);
      for (int i = 0; i < expected.length; i++) {
        Closeness.assertWithin(1e-4, expected[i], actual[i], "gradient " + i);
      }
    }
  }

  @Test
  void isForLargeProductsInSinglePrecision() {
    try (TensorScope scope = TensorScope.open()) {
      LayerWeight plain = new LayerWeight.Plain(torch.randn(40, 40));
      assertFalse(PointwiseLinear.isFaster(torch.randn(1, 77, 40), plain));
      assertFalse(
          PointwiseLinear.isFaster(torch.randn(2, 4096, 40).to(ScalarType.BFloat16), plain));
      assertEquals(
          torch.get_num_threads() > 1 && torch.hasMKLDNN(),
          PointwiseLinear.isFaster(torch.randn(2, 4096, 40), plain));
    }
  }

  private static Tensor[] gradients(
      Tensor x, Tensor weight, Tensor bias, Tensor seen, boolean asPixels) {
    Tensor[] leaves = {
      x.detach().clone(), weight.detach().clone(), bias.detach().clone()
    };
    for (Tensor leaf : leaves) {
      leaf.set_requires_grad(true);
    }
    TensorOptional offset = new TensorOptional(leaves[2]);
    Tensor y = asPixels
        ? PointwiseLinear.of(leaves[0], new LayerWeight.Plain(leaves[1]), offset)
        : torch.linear(leaves[0], leaves[1], offset);
    y.mul(seen).sum().backward();
    return new Tensor[] {leaves[0].grad(), leaves[1].grad(), leaves[2].grad()};
  }
}
