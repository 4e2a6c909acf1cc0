package dev.likeness.lora;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** LoCon's factors with a core between them, for readers that know of two. */
final class Tucker {
  private Tucker() {}

  /** The core and the first factor as one window [rank, in, kernel, kernel]. */
  static Tensor joined(LowRank pair) {
    Tensor mid = pair.mid();
    Tensor down = pair.down().flatten(1, -1);
    Tensor rows = mid.permute(0, 2, 3, 1).reshape(-1, mid.size(1));
    return torch.matmul(rows, down).view(mid.size(0), mid.size(2), mid.size(3), -1).permute(0, 3, 1, 2).contiguous();
  }
}
