package dev.likeness.diffusion.internal.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.FunctionPreHook;
import org.bytedeco.pytorch.Node;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Operations whose gradients are computed by a rule of their own, as
 * {@code torch.autograd.Function} has it, so that a training step keeps what the rule needs and not
 * what libtorch would. On this thread, from {@link #open} to {@link #close}; a backward pass
 * through them ends before that.
 */
public final class CustomGradients implements AutoCloseable {
  private static final ThreadLocal<CustomGradients> CURRENT = new ThreadLocal<>();

  private final CustomGradients outer = CURRENT.get();
  private final TensorRegion region = new TensorRegion();
  /** The way back knows its hooks weakly. */
  private final List<Hook> hooks = new ArrayList<>();

  private CustomGradients() {}

  /**
   * From the gradient of an operation's output to those of its inputs, in their order and shapes.
   */
  @FunctionalInterface
  public interface Rule {
    Tensor[] gradients(Tensor gradient);
  }

  /** Lets operations on this thread keep less until it is closed, innermost first. */
  public static CustomGradients open() {
    CustomGradients opened = new CustomGradients();
    CURRENT.set(opened);
    return opened;
  }

  /** The innermost that is open on this thread, or null. */
  public static CustomGradients current() {
    return CURRENT.get();
  }

  /** Keeps {@code tensor} for a rule; without the history that it has. */
  public Tensor keep(Tensor tensor) {
    return region.keep(tensor.detach());
  }

  /**
   * Lets the gradient of {@code value}, computed without a record, go to {@code inputs} by
   * {@code rule}; returns it.
   */
  public Tensor join(Tensor value, Rule rule, Tensor... inputs) {
    TensorVector flat = new TensorVector();
    for (Tensor input : inputs) {
      flat.push_back(input.reshape(-1));
    }
    // A node that keeps no numbers, and that parts one gradient among the inputs: the one that the
    // hook gives it.
    Node node = torch.cat(flat).grad_fn();
    torch.create_gradient_edge(value, node);
    hooks.add(Hook.attach(node, rule));
    return value;
  }

  @Override
  public void close() {
    CURRENT.set(outer);
    hooks.clear();
    region.close();
  }

  /** Gives the node what it parts, in the place of what arrives from the value. */
  private static final class Hook extends FunctionPreHook {
    private final Rule rule;

    private Hook(Rule rule) {
      this.rule = rule;
    }

    static Hook attach(Node node, Rule rule) {
      Hook hook = new Hook(rule);
      // The node is to own it. JavaCPP registers what is left, anew, and would count the first
      // registration for good.
      hook.deallocate(false);
      node.add_pre_hook(hook);
      return hook;
    }

    @Override
    public TensorVector apply(TensorVector arriving) {
      try (TensorScope scope = TensorScope.open()) {
        TensorVector parts = new TensorVector();
        for (Tensor gradient : rule.gradients(arriving.get(arriving.size() - 1))) {
          parts.push_back(gradient.reshape(-1));
        }
        arriving.put(0, torch.cat(parts));
        arriving.put(arriving.size() - 1, new Tensor());
      }
      return arriving;
    }
  }
}
