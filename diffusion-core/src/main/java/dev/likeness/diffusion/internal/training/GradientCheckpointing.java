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
 * Gradient checkpointing (Chen et al. 2016, arXiv:1604.06174, section 4.1). The forward pass of a
 * network's segments keeps only the tensors between them. The backward pass computes each segment
 * again, with an autograd graph that is freed at once. Gradients are the same; the cost is one more
 * forward pass, and much less memory is used.
 *
 * <p>One instance serves one forward pass and one {@link #backward}, on one thread. Closing it
 * frees the tensors between the segments.
 */
public final class GradientCheckpointing implements SegmentRunner, AutoCloseable {
  /**
   * One call of a segment. If {@code segment} is null, {@code inputs[0]} comes from outside the
   * segments and {@code output} is its detached copy.
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
   * Returns the input that a segment gets: another segment's output as it is, any other tensor
   * detached from its autograd graph. The graph is kept for the backward pass.
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
    // Several paths may lead to the graph before the segments, so it is kept until the end.
    backpropagate(loss, torch.ones_like(loss), true);
    for (int i = calls.size() - 1; i >= 0; i--) {
      SegmentCall run = calls.get(i);
      try (TensorScope scope = TensorScope.open();
          CustomGradients custom = CustomGradients.open()) {
        Tensor gradient = run.output.grad();
        if (gradient.defined()) {
          Tensor output = run.segment == null ? run.inputs[0] : run.segment.forward(run.inputs);
          // A segment before the first trained layer has no gradient to pass on.
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
