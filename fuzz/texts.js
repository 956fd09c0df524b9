/** Networks and a solver to begin with: between them most kinds of layers, all of them small. */
const fs = require('node:fs');
const path = require('node:path');

const INPUT = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }`;

const networks = {
  small: `name: "small"
${INPUT}
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 group: 1 dilation: 1 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc" inner_product_param { num_output: 3 weight_filler { type: "gaussian" std: 0.1 } } }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" loss_weight: 1 }
`,
  shapes: `${INPUT}
layer { name: "slice" type: "Slice" bottom: "data" top: "a" top: "b" slice_param { axis: 1 slice_point: 1 } }
layer { name: "tile" type: "Tile" bottom: "a" top: "tiled" tile_param { axis: 1 tiles: 2 } }
layer { name: "concat" type: "Concat" bottom: "tiled" bottom: "b" top: "joined" concat_param { axis: 1 } }
layer { name: "crop" type: "Crop" bottom: "joined" bottom: "data" top: "cropped" crop_param { axis: 2 offset: 0 } }
layer { name: "reshape" type: "Reshape" bottom: "cropped" top: "flat" reshape_param { shape { dim: 0 dim: -1 dim: 16 } } }
layer { name: "permuted" type: "Flatten" bottom: "flat" top: "row" flatten_param { axis: 1 end_axis: -1 } }
layer { name: "most" type: "ArgMax" bottom: "row" top: "most" argmax_param { top_k: 2 out_max_val: true } }
layer { name: "sum" type: "Reduction" bottom: "row" top: "sum" reduction_param { operation: ASUM axis: 1 coeff: 2 } }
layer { name: "index" type: "Embed" bottom: "label" top: "embedded" embed_param { num_output: 4 input_dim: 5 weight_filler { type: "uniform" } } }
`,
  maps: `${INPUT}
layer { name: "norm" type: "LRN" bottom: "data" top: "norm" lrn_param { local_size: 3 alpha: 0.1 beta: 0.75 norm_region: ACROSS_CHANNELS } }
layer { name: "bn" type: "BatchNorm" bottom: "norm" top: "bn" batch_norm_param { use_global_stats: false eps: 1e-5 } }
layer { name: "scale" type: "Scale" bottom: "bn" top: "scale" scale_param { axis: 1 num_axes: 1 bias_term: true } }
layer { name: "prelu" type: "PReLU" bottom: "scale" top: "prelu" prelu_param { channel_shared: false } }
layer { name: "up" type: "Deconvolution" bottom: "prelu" top: "up" convolution_param { num_output: 3 kernel_size: 2 stride: 2 group: 3 } }
layer { name: "down" type: "Pooling" bottom: "up" top: "down" pooling_param { pool: AVE kernel_size: 2 stride: 2 pad: 0 } }
layer { name: "spp" type: "SPP" bottom: "down" top: "spp" spp_param { pyramid_height: 2 pool: MAX } }
layer { name: "power" type: "Power" bottom: "down" top: "power" power_param { power: 2 scale: 0.5 shift: 1 } }
layer { name: "both" type: "Eltwise" bottom: "down" bottom: "power" top: "both" eltwise_param { operation: SUM coeff: 1 coeff: -1 } }
layer { name: "drop" type: "Dropout" bottom: "both" top: "both" dropout_param { dropout_ratio: 0.5 } }
layer { name: "mvn" type: "MVN" bottom: "both" top: "mvn" mvn_param { across_channels: true } }
layer { name: "far" type: "EuclideanLoss" bottom: "mvn" bottom: "data" top: "far" }
`,
  sequence: `
layer { name: "x" type: "Input" top: "x" top: "cont" input_param { shape { dim: 3 dim: 2 dim: 4 } shape { dim: 3 dim: 2 } } }
layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "lstm"
  recurrent_param { num_output: 3 weight_filler { type: "uniform" min: -0.1 max: 0.1 } bias_filler { type: "constant" } } }
layer { name: "hinge" type: "Sigmoid" bottom: "lstm" top: "hinge" }
`,
};

const solver = `net_param { ${networks.small} }
base_lr: 0.01 lr_policy: "step" gamma: 0.1 stepsize: 2 momentum: 0.9 weight_decay: 0.0005 type: "SGD" iter_size: 1
max_iter: 4 display: 1 random_seed: 1 test_iter: 1 test_interval: 2 clip_gradients: 10 average_loss: 2 regularization_type: "L2"
`;

/** Networks of ../shared, where it lies beside the checkout: those that are quickly built. */
function published() {
  const folder = path.resolve(__dirname, '../../shared/models');
  const files = ['digits/lenet.prototxt', 'squeezenet/SqueezeNet_deploy.prototxt', 'squeezenet/SqueezeNet_trainval.prototxt'];
  const present = files.map((name) => path.join(folder, name)).filter((file) => fs.existsSync(file));
  return Object.fromEntries(present.map((file) => [path.relative(folder, file).replaceAll(path.sep, '-'), fs.readFileSync(file, 'utf8')]));
}

module.exports = { networks, solver, published };
