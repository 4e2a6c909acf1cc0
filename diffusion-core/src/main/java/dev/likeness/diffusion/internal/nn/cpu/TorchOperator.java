package dev.likeness.diffusion.internal.nn.cpu;

import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;

/**
 * An operator of libtorch that has no function of its own in Java, called by name. The calling
 * scope owns all it makes.
 */
final class TorchOperator {
  private final OperatorHandle handle;

  /**
   * The operator {@code name}, e.g. {@code mkldnn::_convolution_pointwise}, in the form without an
   * overload's name.
   */
  TorchOperator(String name) {
    handle = Dispatcher.singleton().findSchemaOrThrow(name, "");
  }

  /** What the operator makes of its arguments, all of them in the schema's order. */
  Tensor call(IValue... arguments) {
    IValueVector stack = new IValueVector(arguments);
    handle.callBoxed(stack);
    // What the stack gives is a part of it, and dies with it.
    return new Tensor(stack.get(0).toTensor());
  }

  /**
   * Whole numbers as a list like the argument at {@code index}, whose elements' type only the
   * schema can name.
   */
  IValue list(int index, long... values) {
    GenericList list = new GenericList(
        handle.schema().arguments().getPointer(index).type().get().containedType(0));
    for (long value : values) {
      list.push_back(new IValue(value));
    }
    return new IValue(list);
  }
}
