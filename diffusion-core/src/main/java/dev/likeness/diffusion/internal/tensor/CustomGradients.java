package dev.likeness.diffusion.internal.tensor;

import dev.likeness.diffusion.internal.io.CurrentWork;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.FunctionPreHook;
import org.bytedeco.pytorch.Node;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Operations with their own gradient rule, like {@code torch.autograd.Function}. A training step
 * then stores only the tensors that the rule needs. It applies to this thread from {@link #open} to
 * {@link #close}; a backward pass must end before the close.
 */
public final class CustomGradients implements AutoCloseable {
  private static final ThreadLocal<CustomGradients> CURRENT = new ThreadLocal<>();

  private final CustomGradients outer = CURRENT.get();
  private final TensorRegion region = new TensorRegion();
  /** Keeps the hooks alive, because autograd refers to them weakly. */
  private final List<Hook> hooks = new ArrayList<>();

  private CustomGradients() {}

  /**
   * Computes the gradients of an operation's inputs, in their order and shapes, from the gradient
   * of its output.
   */
  @FunctionalInterface
  public interface Rule {
    Tensor[] gradients(Tensor gradient);
  }

  /** Starts custom gradients on this thread, until the object is closed, innermost first. */
  public static CustomGradients open() {
    CustomGradients opened = new CustomGradients();
    CURRENT.set(opened);
    return opened;
  }

  /** Returns the innermost open object of this thread, or null. */
  public static CustomGradients current() {
    return CURRENT.get();
  }

  /** Keeps {@code tensor} for a rule, without its gradient history. */
  public Tensor keep(Tensor tensor) {
    return region.keep(tensor.detach());
  }

  /**
   * Connects {@code value}, which was computed without autograd, to {@code inputs} by {@code rule};
   * returns it.
   */
  public Tensor join(Tensor value, Rule rule, Tensor... inputs) {
    Node node = inputs.length == 1 ? torch.alias(inputs[0]).grad_fn() : splitting(inputs);
    torch.create_gradient_edge(value, node);
    hooks.add(Hook.attach(node, inputs.length == 1 ? inputs[0].shape() : null, rule));
    return value;
  }

  /** Returns a node that stores no tensors, and splits one gradient among the inputs. */
  private static Node splitting(Tensor... inputs) {
    TensorVector flat = new TensorVector();
    for (Tensor input : inputs) {
      flat.push_back(input.reshape(-1));
    }
    return torch.cat(flat).grad_fn();
  }

  /** Adds {@code gradient} to that of a leaf, as autograd does at the end of a path. */
  public static void add(Tensor leaf, Tensor gradient) {
    Tensor sum = leaf.mutable_grad();
    if (sum.defined()) {
      sum.add_(gradient);
    } else {
      sum.put(gradient);
    }
  }

  @Override
  public void close() {
    CURRENT.set(outer);
    hooks.clear();
    region.close();
  }

  /**
   * Replaces the gradient of the value by that of the only input, or by the concatenated gradients
   * of the inputs, which the node splits.
   */
  private static final class Hook extends FunctionPreHook {
    /** The shape of the only input; null if there are several. */
    private final long[] shape;

    private final Rule rule;

    private Hook(long[] shape, Rule rule) {
      this.shape = shape;
      this.rule = rule;
    }

    static Hook attach(Node node, long[] shape, Rule rule) {
      Hook hook = new Hook(shape, rule);
      // The node must own the hook. JavaCPP would otherwise register it twice and never free it.
      hook.deallocate(false);
      node.add_pre_hook(hook);
      return hook;
    }

    @Override
    public TensorVector apply(TensorVector arriving) {
      // Autograd calls the hook, and its other gradients would stay half added.
      return CurrentWork.finish(() -> gradients(arriving));
    }

    private TensorVector gradients(TensorVector arriving) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor[] gradients = rule.gradients(arriving.get(arriving.size() - 1));
        arriving.put(0, shape == null ? joined(gradients) : gradients[0].reshape(shape));
        arriving.put(arriving.size() - 1, new Tensor());
      }
      return arriving;
    }

    private static Tensor joined(Tensor... gradients) {
      TensorVector parts = new TensorVector();
      for (Tensor gradient : gradients) {
        parts.push_back(gradient.reshape(-1));
      }
      return torch.cat(parts);
    }
  }
}
