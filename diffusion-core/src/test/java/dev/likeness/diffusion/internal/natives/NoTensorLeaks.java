package dev.likeness.diffusion.internal.natives;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaves native memory behind: {@code @ExtendWith(NoTensorLeaks.class)}. What a
 * test keeps for the whole class belongs in {@code @BeforeAll}.
 */
public final class NoTensorLeaks implements BeforeEachCallback, AfterEachCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(NoTensorLeaks.class);

  @Override
  public void beforeEach(ExtensionContext test) {
    LibTorch.load();
    test.getStore(NAMESPACE).put("before", Pointer.totalCount());
  }

  @Override
  public void afterEach(ExtensionContext test) {
    long left = Pointer.totalCount() - test.getStore(NAMESPACE).get("before", Long.class);
    assertTrue(
        left <= 0,
        () ->
            test.getDisplayName() + " left " + left + " native objects behind; close its tensors or"
                + " make them in a TensorScope (-Dorg.bytedeco.javacpp.nativeAllocationTracer=true says where"
                + " they were made)");
  }
}
