/** One linear map of 3 values to 2: all weights 1, biases 0.5, so that [1, 2, 3] gives 6.5. */
const LINEAR = `name: "linear"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 2 weight_filler { type: "constant" value: 1 } bias_filler { type: "constant" value: 0.5 } } }`;

/** A classifier of 2 items of 1×4×4 into three classes, with its loss. */
const CLASSIFIER = `name: "classifier" force_backward: true
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 1 dim: 4 dim: 4 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }`;

/** Takes a while, in a dozen steps, so that a run can be aborted, or the net disposed, in the middle. */
const SLOW = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 32 dim: 48 dim: 48 } } }
${Array.from(
  { length: 12 },
  (_, index) => `layer { name: "conv${index}" type: "Convolution" bottom: "${index === 0 ? 'data' : `conv${index - 1}`}" top: "conv${index}"
  convolution_param { num_output: 32 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }`,
).join('\n')}`;

module.exports = { LINEAR, CLASSIFIER, SLOW };
