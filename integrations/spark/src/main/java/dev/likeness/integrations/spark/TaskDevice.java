package dev.likeness.integrations.spark;

import java.util.Arrays;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/** The device that Spark's resource scheduling gave to a task. */
final class TaskDevice {
  private static final String GPU = "gpu";

  private TaskDevice() {}

  /**
   * Returns the device of the running task: {@code cuda:1} if Spark gave the address 1 of the
   * resource {@code gpu} to the task, or {@code cpu} without such a resource.
   */
  static String current() {
    TaskContext task = TaskContext.get();
    return task == null ? "cpu" : of(task.resourcesJMap().get(GPU));
  }

  /** Returns the device of a task with this GPU, or null. */
  static String of(ResourceInformation gpu) {
    if (gpu == null || gpu.addresses().length == 0) {
      return "cpu";
    }
    String address = gpu.addresses()[0];
    if (!address.matches("\\d{1,4}")) {
      throw new IllegalArgumentException("the GPU addresses " + Arrays.toString(gpu.addresses())
          + " are no indices; give a discovery script that prints indices, such as Spark's"
          + " getGpusResources.sh");
    }
    return "cuda:" + Integer.parseInt(address);
  }
}
