package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Gradient checkpointing (Chen et al. 2016, arXiv:1604.06174, section 4.1): a network's segments
 * are run without a record, keeping only what goes from one to the next; on the way back each is
 * run once more with a record, which is used at once and let go. The same gradients for one more
 * forward pass and much less memory.
 *
 * <p>One forward pass and one {@link #backward}, one thread; the memory between the segments is
 * freed by closing.
 */
public final class GradientCheckpointing implements SegmentRunner, AutoCloseable {
  /**
   * One run of a segment; without a segment, the way of {@code inputs[0]} from outside into
   * {@code output}.
   */
  private record SegmentCall(Segment segment, Tensor[] inputs, Tensor output) {}

  private final List<SegmentCall> calls = new ArrayList<>();
  private final Map<Tensor, Tensor> entries = new IdentityHashMap<>();
  private final Map<Long, Tensor> own = new HashMap<>();
  private final TensorRegion region = new TensorRegion();

  @Override
  public Tensor run(Segment segment, Tensor... inputs) {
    Tensor[] known = new Tensor[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      known[i] = detachedInput(inputs[i]);
    }
    Tensor output;
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      output = scope.promote(segment.forward(known).detach());
    }
    Tensor cut = detach(output);
    calls.add(new SegmentCall(segment, known, cut));
    return cut;
  }

  /**
   * A tensor as segments see it: one of theirs as it is, another cut off from its own history,
   * which is kept.
   */
  private Tensor detachedInput(Tensor input) {
    if (own.containsKey(input.address())) {
      return input;
    }
    if (!input.requires_grad()) {
      return entries.computeIfAbsent(input, region::keep);
    }
    return entries.computeIfAbsent(input, original -> {
      Tensor cut = detach(original.detach());
      calls.add(new SegmentCall(null, new Tensor[] {region.keep(original)}, cut));
      return cut;
    });
  }

  private Tensor detach(Tensor value) {
    Tensor leaf = region.keep(value);
    leaf.set_requires_grad(true);
    own.put(leaf.address(), leaf);
    return leaf;
  }

  /** Adds the gradients of {@code loss} to every leaf that it depends on. */
  public void backward(Tensor loss) {
    // What lies before the segments may be reached by several ways, so it is kept until all have
    // been gone.
    backpropagate(loss, torch.ones_like(loss), true);
    for (int i = calls.size() - 1; i >= 0; i--) {
      SegmentCall run = calls.get(i);
      try (TensorScope scope = TensorScope.open();
          CustomGradients custom = CustomGradients.open()) {
        Tensor gradient = run.output.grad();
        if (gradient.defined()) {
          Tensor output = run.segment == null ? run.inputs[0] : run.segment.forward(run.inputs);
          // A segment before the first trained layer has nothing to pass on.
          if (output.requires_grad()) {
            backpropagate(output, gradient, run.segment == null);
          }
        }
      }
    }
  }

  private static void backpropagate(Tensor output, Tensor gradient, boolean again) {
    output.backward(gradient, new BoolOptional(again), false, new TensorArrayRefOptional());
  }

  @Override
  public void close() {
    calls.clear();
    entries.clear();
    own.clear();
    region.close();
  }
}
