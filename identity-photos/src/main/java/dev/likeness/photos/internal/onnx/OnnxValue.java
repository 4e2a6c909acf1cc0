package dev.likeness.photos.internal.onnx;

/**
 * A value in the graph of an ONNX file.
 *
 * @param known its elements, if they are few and do not depend on the image; else null
 * @param real whether its elements are floating-point numbers
 * @param fixed whether it does not depend on the image
 */
public record OnnxValue(long[] dims, double[] known, boolean real, boolean fixed) {
  static OnnxValue of(OnnxGraph.Constant constant) {
    return new OnnxValue(constant.dims(), constant.known(), constant.real(), true);
  }

  /** Whole numbers that are known. */
  static OnnxValue whole(double... known) {
    return new OnnxValue(new long[] {known.length}, known, false, true);
  }

  int rank() {
    return dims.length;
  }

  long elements() {
    return OnnxGraph.total(dims);
  }
}
