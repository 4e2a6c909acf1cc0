package dev.likeness.diffusion.internal.nn.cpu;

import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.Type.TypePtr;

/**
 * A libtorch operator without a Java binding, called by name. The calling scope owns its results.
 */
public final class TorchOperator {
  private final OperatorHandle handle;

  /**
   * Finds the operator {@code name}, such as {@code mkldnn::_convolution_pointwise}, without an
   * overload name.
   */
  public TorchOperator(String name) {
    handle = Dispatcher.singleton().findSchemaOrThrow(name, "");
  }

  /** Calls the operator with all arguments, in the schema's order; returns its result. */
  public Tensor call(IValue... arguments) {
    IValueVector stack = new IValueVector(arguments);
    handle.callBoxed(stack);
    // The result belongs to the stack and is freed with it.
    return new Tensor(stack.get(0).toTensor());
  }

  /**
   * Converts integers to a list for the argument at {@code index}; only the schema has its element
   * type.
   */
  IValue list(int index, long... values) {
    return list(argument(index).containedType(0), values);
  }

  /** Converts integers to a list for the optional argument at {@code index}. */
  IValue optionalList(int index, long... values) {
    return list(argument(index).containedType(0).get().containedType(0), values);
  }

  private Type argument(int index) {
    return handle.schema().arguments().getPointer(index).type().get();
  }

  private static IValue list(TypePtr element, long... values) {
    GenericList list = new GenericList(element);
    for (long value : values) {
      list.push_back(new IValue(value));
    }
    return new IValue(list);
  }
}
